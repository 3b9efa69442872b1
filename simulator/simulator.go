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

// A Config configures a [Simulator]. Only Engine.Sealer is required.
type Config struct {
	// Engine configures the engine. The simulator replaces its policies with the
	// policies of the simulated plans.
	Engine durable.Config
	// Authenticator authenticates the requests to the broker and its control
	// endpoint. Nil accepts all requests.
	Authenticator openbroker.Authenticator
	// Options are further options of [openbroker.NewHandler], except for an
	// authenticator and a logger.
	Options []openbroker.Option
	// Logger is the logger of the handler, and of the engine unless Engine has its
	// own. Nil means [slog.Default].
	Logger *slog.Logger
	// Plans are the names of the plans in the catalog. Empty selects all plans.
	// The service requires the permissions of route, syslog and volume only if it
	// has these plans.
	Plans []string
	// SerialBindings allows only one operation on the bindings of an instance at a
	// time. Another bind or unbind waits for a second and is then refused with
	// ConcurrencyError.
	SerialBindings bool
	// Requests is the maximum number of recorded requests. Beyond it, a new request
	// replaces the oldest. 0 means DefaultRequests.
	Requests int
	// Clock is the clock for delays and for the expiry that a binding reports. Nil
	// means the system clock. The store has its own clock for deadlines and
	// expiry.
	Clock Clock
}

// DefaultRequests is the default of Config.Requests.
const DefaultRequests = 1000

// A Simulator is a broker for tests of platforms. It handles the Open Service
// Broker API under any prefix, and its control endpoint /control. [New] makes a
// Simulator, and [Simulator.Stop] ends it. Its methods are safe for concurrent
// use.
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

// New returns a simulator that keeps its instances in store. It resumes the
// operations in the store. The caller closes the store after [Simulator.Stop].
// New returns an error if the configuration is invalid or the store fails, see
// [durable.New].
func New(ctx context.Context, store durable.Store, config Config) (*Simulator, error) {
	if config.Requests < 0 {
		return nil, fmt.Errorf("simulator: Config.Requests is %d: it must not be negative; use 0 for the default", config.Requests)
	}
	if err := CheckPlans(config.Plans); err != nil {
		return nil, fmt.Errorf("simulator: Config.Plans: %w", err)
	}
	if store == nil {
		return nil, errors.New("simulator: the store is nil: pass a store")
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

// Drain answers the requests that wait for their operation, see
// [durable.Engine.Drain].
func (s *Simulator) Drain() { s.engine.Drain() }

// Stop waits for the running operations until ctx ends. Another simulator on
// the same store resumes the others. See [durable.Engine.Stop].
func (s *Simulator) Stop(ctx context.Context) { s.engine.Stop(ctx) }

// Ping returns an error if the store is not available.
func (s *Simulator) Ping(ctx context.Context) error { return s.engine.Ping(ctx) }

// ServeHTTP answers and records a request of a platform, or answers a request
// of a test to /control.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/") {
		s.control.ServeHTTP(w, r)
		return
	}
	x := &exchange{ResponseWriter: w, clock: s.clock, route: routeOf(r)}
	record := s.records.begin(r, x.route, s.clock.Now())
	// A dropped connection is a panic and has no status.
	defer func() { s.records.end(record, x.status, x.fault) }()
	s.api.ServeHTTP(x, r.WithContext(x.context(r.Context())))
	x.finish(r.Context())
}

// Requests returns the recorded requests in their order. A request without an
// answer yet has status 0.
func (s *Simulator) Requests() []Request { return s.records.list(nil) }

// ClearRequests removes all recorded requests.
func (s *Simulator) ClearRequests() { s.records.clear() }

// SetFaults replaces the faults of the control endpoint and resets their counts.
// The default of Times is Always. If a fault is invalid, SetFaults changes nothing
// and returns an error for the first invalid one.
func (s *Simulator) SetFaults(set ...Fault) error { return s.faults.replace(set) }

// Faults returns the faults that SetFaults set.
func (s *Simulator) Faults() []Fault { return s.faults.list() }

// SetDelay makes every operation that starts later take at least d. It
// returns an error if d is not between 0 and 1 h.
func (s *Simulator) SetDelay(d time.Duration) error {
	if d < 0 || d > maxDelay {
		return fmt.Errorf("delay must be from 0s to %s", maxDelay)
	}
	s.delay.put(d)
	return nil
}

// Delay returns the delay that SetDelay set.
func (s *Simulator) Delay() time.Duration { return s.delay.get() }

// Reset restores the initial faults, delay and maintenance_info, and removes
// the recorded requests. Instances and bindings do not change.
func (s *Simulator) Reset() {
	_ = s.faults.replace(nil) // An empty set is valid.
	s.delay.put(0)
	s.records.clear()
	_ = s.resetMaintenanceInfo() // The initial version is valid.
}
