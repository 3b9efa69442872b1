package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
)

// A Config configures a [Simulator]. Only Engine.Sealer is needed.
type Config struct {
	// Engine says how operations are carried out. Its policies are those of the
	// simulated plans, whatever it says.
	Engine durable.Config
	// Authenticator decides who may call the broker and its control endpoint;
	// everyone by default.
	Authenticator openbroker.Authenticator
	// Options are further options of [openbroker.NewHandler], without an
	// authenticator or a logger.
	Options []openbroker.Option
	// Logger receives what the handler and the engine log, unless Engine has
	// one of its own; [slog.Default] by default.
	Logger *slog.Logger
	// Plans are the names of the plans that are offered; all by default. The
	// service requires the permissions of route, syslog and volume only with
	// these plans.
	Plans []string
	// SerialBindings forbids operations on several bindings of one instance at a
	// time: a bind waits its turn for a second, and is then refused with
	// ConcurrencyError.
	SerialBindings bool
	// Requests is how many requests are kept, the last ones; DefaultRequests by
	// default.
	Requests int
	// Clock is the real one by default. The deadlines of operations and the
	// expiry of bindings are measured by the store's.
	Clock Clock
}

// DefaultRequests is how many requests are kept by default.
const DefaultRequests = 1000

// A Simulator is a broker to test platforms against: a handler of the Open
// Service Broker API, under any prefix, and of its own /control. Make it with
// [New], and end it with [Simulator.Stop]. Its methods may be called by many
// goroutines.
type Simulator struct {
	engine  *durable.Engine
	plans   []string
	clock   Clock
	api     http.Handler
	control http.Handler
	faults  faults
	delay   delay
	records records
}

var _ http.Handler = (*Simulator)(nil)

// New returns a simulator that keeps its instances in store, and begins to work
// on the operations that it finds there. The caller closes the store after
// [Simulator.Stop]. The error says what is wrong with the configuration or the
// store, see [durable.New].
func New(ctx context.Context, store durable.Store, config Config) (*Simulator, error) {
	if config.Requests < 0 {
		return nil, fmt.Errorf("simulator: Config.Requests is %d: it must not be negative; leave it zero for the default", config.Requests)
	}
	if err := CheckPlans(config.Plans); err != nil {
		return nil, fmt.Errorf("simulator: Config.Plans: %w", err)
	}
	if store == nil {
		return nil, errors.New("simulator: a store is needed")
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Clock == nil {
		config.Clock = systemClock{}
	}
	if config.Requests == 0 {
		config.Requests = DefaultRequests
	}
	if config.Engine.Logger == nil {
		config.Engine.Logger = config.Logger
	}
	config.Engine.DefaultPolicy, config.Engine.Policies = otherPolicy(), policies()
	config.Engine.DefaultPolicy.ParallelBindings = new(!config.SerialBindings)
	s := &Simulator{plans: config.Plans, clock: config.Clock, records: records{limit: config.Requests}}
	counts := tally{store}
	var err error
	s.engine, err = durable.New(ctx, newCatalog(s.plans, firstMaintenance()), &provider{clock: s.clock, tally: counts, faults: &s.faults, delay: &s.delay}, store, config.Engine)
	if err != nil {
		return nil, err
	}
	options := append([]openbroker.Option{
		openbroker.WithLogger(config.Logger), openbroker.WithParameterValidation(catalog.NewValidator()),
	}, config.Options...)
	quiet := []openbroker.Option{openbroker.WithLogger(slog.New(slog.DiscardHandler)), openbroker.WithoutVersionCheck()}
	if config.Authenticator != nil {
		authenticated := openbroker.WithAuthenticator(config.Authenticator)
		options, quiet = append(options, authenticated), append(quiet, authenticated)
	}
	s.api = openbroker.NewHandler(&broker{engine: s.engine, store: store, tally: counts, faults: &s.faults}, options...)
	s.control = openbroker.Middleware(quiet...)(http.HandlerFunc(s.serveControl))
	s.engine.Start(ctx)
	return s, nil
}

// Drain has requests that wait for their operation answered, see
// [durable.Engine.Drain].
func (s *Simulator) Drain() { s.engine.Drain() }

// Stop lets the running operations end until ctx ends; the others go on when
// another simulator, or the next one, opens the store. See
// [durable.Engine.Stop].
func (s *Simulator) Stop(ctx context.Context) { s.engine.Stop(ctx) }

// Ping reports whether the store can be used now.
func (s *Simulator) Ping(ctx context.Context) error { return s.engine.Ping(ctx) }

// ServeHTTP answers a request of a platform, and records it; or one of a test,
// at /control.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/") {
		s.control.ServeHTTP(w, r)
		return
	}
	x := &exchange{ResponseWriter: w, clock: s.clock, route: routeOf(r)}
	record := s.records.begin(r, x.route, s.clock.Now())
	// A dropped connection goes on as a panic, and has no status.
	defer func() { s.records.end(record, x.status, x.fault) }()
	s.api.ServeHTTP(x, r.WithContext(x.context(r.Context())))
	x.finish(r.Context())
}

// Requests returns the requests of platforms that were kept, in the order in
// which they came. Those that are not answered yet have no status.
func (s *Simulator) Requests() []Request { return s.records.list(nil) }

// ClearRequests forgets the requests of before.
func (s *Simulator) ClearRequests() { s.records.clear() }

// SetFaults replaces the faults for all requests, and begins to count anew. The
// error names the first fault that is not valid; then nothing has changed. Times
// is Always by default here.
func (s *Simulator) SetFaults(set ...Fault) error { return s.faults.replace(set) }

// Faults returns what SetFaults has set.
func (s *Simulator) Faults() []Fault { return s.faults.list() }

// SetDelay makes every operation that begins from now on take at least d, from
// 0 to 1 h. The error says that it is not.
func (s *Simulator) SetDelay(d time.Duration) error {
	if d < 0 || d > maxDelay {
		return fmt.Errorf("delay must be from 0s to %s", maxDelay)
	}
	s.delay.put(d)
	return nil
}

// Delay returns what SetDelay has set.
func (s *Simulator) Delay() time.Duration { return s.delay.get() }

// Reset takes back all that the methods and the control endpoint have set, and
// forgets the recorded requests. Instances and bindings stay as they are.
func (s *Simulator) Reset() {
	_ = s.faults.replace(nil) // Nothing in it can be wrong.
	s.delay.put(0)
	s.records.clear()
	_ = s.resetMaintenanceInfo() // It was valid before.
}
