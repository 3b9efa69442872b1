package specimen

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Username and Password are the credentials for basic authentication.
const (
	Username = "specimen"
	Password = "let:me in" // A password may have a colon, see RFC 7617, section 2.
)

// Config selects the behaviour of the broker. The zero value selects a
// compliant broker.
type Config struct {
	// Mutation is the id of the mutation to apply; see [Mutations].
	Mutation string
	// Also are the ids of further mutations, for a broker with several faults.
	// Mutations of the catalog's content have no effect here.
	Also []string
	// Variation is the id of the variation to apply; see [Variations].
	Variation string
	// Polls is how often polls report an operation as in progress before it ends.
	// 0 means 4, which is enough for the requests of a test during an operation.
	Polls int
	// Now is the clock for the expiry of bindings. Nil means time.Now.
	Now func() time.Time
}

// Broker is an http.Handler that serves /v2/... at its root.
type Broker struct {
	config   Config
	offer    []*service
	modified time.Time // the Last-Modified of the catalog

	mu         sync.Mutex
	instances  map[string]*instance
	reserved   map[string]bool // ids in use without a resource; only faults add them
	operations int             // how many operations were started
	catalogs   int             // how often the catalog was fetched
	meeting    meeting
}

// New returns a broker. It fails if the mutation or variation is unknown.
func New(config Config) (*Broker, error) {
	for _, id := range append([]string{config.Mutation}, config.Also...) {
		if id != "" && !slices.Contains(mutationIDs(), id) {
			return nil, fmt.Errorf("specimen: the mutation %q does not exist", id)
		}
	}
	if config.Variation != "" && !slices.Contains(variationIDs(), config.Variation) {
		return nil, fmt.Errorf("specimen: the variation %q does not exist", config.Variation)
	}
	if config.Polls == 0 {
		config.Polls = 4
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	b := &Broker{config: config, instances: map[string]*instance{}, reserved: map[string]bool{}}
	b.offer = b.services()
	b.modified = config.Now().UTC().Truncate(time.Second)
	return b, nil
}

// broken reports whether the mutation with this id applies. The code tests each
// id at exactly one place.
func (b *Broker) broken(id string) bool {
	return b.config.Mutation == id || slices.Contains(b.config.Also, id)
}

// varies reports whether the variation with this id applies.
func (b *Broker) varies(id string) bool { return b.config.Variation == id }

// ServeHTTP answers one request.
func (b *Broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r}
	if b.varies("unknown-path-plain") && b.route(q) != nil {
		http.NotFound(w, r)
		return
	}
	answer, refusal := b.serve(q)
	if refusal != nil {
		answer = b.refused(q, refusal)
	}
	b.echoRequestIdentity(w, q, answer)
	b.write(w, q, answer)
}

// serve runs the steps that may refuse the request in their order, then the
// endpoint.
func (b *Broker) serve(q *request) (*answer, *refusal) {
	routed := b.route(q)
	if refusal := b.authenticate(q); refusal != nil {
		return nil, refusal
	}
	if routed != nil {
		return nil, routed
	}
	for _, step := range []func(*request) *refusal{b.checkVersion, b.checkIdentity, b.readQuery, b.readBody} {
		if refusal := step(q); refusal != nil {
			return nil, refusal
		}
	}
	b.hesitate(q)
	if refusal := b.meet(q); refusal != nil {
		return nil, refusal
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch q.endpoint {
	case catalog:
		return b.serveCatalog(q)
	case provision:
		return b.provision(q)
	case fetchInstance:
		return b.fetchInstance(q)
	case update:
		return b.update(q)
	case deprovision:
		return b.deprovision(q)
	case pollInstance:
		return b.pollInstance(q)
	case bind:
		return b.bind(q)
	case fetchBinding:
		return b.fetchBinding(q)
	case unbind:
		return b.unbind(q)
	default:
		return b.pollBinding(q)
	}
}
