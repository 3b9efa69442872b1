package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// A Mode says what happens to an answer that the specification does not allow. What
// can be put right without changing what the broker meant (fields that are null, an
// empty body, an error that is no JSON object, 404 in place of 410) is always put
// right, and always logged.
type Mode int

const (
	// Report passes on the best reading of everything else: a state that is spelt
	// otherwise is read, and an operation that was accepted although the platform
	// does not wait is waited for.
	Report Mode = iota + 1
	// Enforce refuses everything else with 502. A platform then deletes what it asked
	// for, as after any 5xx.
	Enforce
)

// A Config configures [New].
type Config struct {
	// Client calls the broker. It should have neither orphan mitigation, which is
	// the platform's, nor strict decoding.
	Client *client.Client
	// Mode is Report if zero.
	Mode Mode
	// Logger gets one line for each kind of violation and call, at most one a minute.
	// Nil discards.
	Logger *slog.Logger
	// CatalogMaxAge is how long a catalog is used before the broker is asked whether
	// it has changed; one minute if zero.
	CatalogMaxAge time.Duration
	// Rate bounds how many calls a second each platform makes, beyond Burst at once;
	// more are answered with 429 and Retry-After. Zero means no bound. Burst is twice
	// the rate if zero. The catalog is not counted: it is served from here.
	Rate  float64
	Burst int
	// SyncWait is how long an operation is waited for that the broker accepted
	// although the platform did not; 50 seconds if zero. Platforms give up after 60.
	SyncWait time.Duration
}

const (
	defaultCatalogMaxAge = time.Minute
	defaultSyncWait      = 50 * time.Second
)

// A Broker passes calls on to another broker. It is safe for use by many goroutines
// at once.
type Broker struct {
	config Config
	report *reporter
	limit  limiter

	mu      sync.Mutex
	catalog *openbroker.Catalog
	asked   time.Time
	// failed is why the last request for the catalog failed, or nil.
	failed error
	// asking is closed when the request for the catalog that is under way has ended.
	asking chan struct{}
}

var _ openbroker.Broker = (*Broker)(nil)

// New returns a broker in front of that of config.Client. It sends nothing. It fails
// if config has no client or an unknown mode.
func New(config Config) (*Broker, error) {
	if config.Mode == 0 {
		config.Mode = Report
	}
	switch {
	case config.Client == nil:
		return nil, errors.New("upstream: the client is missing")
	case config.Mode != Report && config.Mode != Enforce:
		return nil, fmt.Errorf("upstream: the mode %d is unknown", config.Mode)
	case config.CatalogMaxAge < 0 || config.SyncWait < 0 || config.Rate < 0 || config.Burst < 0:
		return nil, errors.New("upstream: durations, the rate and the burst must not be negative")
	}
	if config.CatalogMaxAge == 0 {
		config.CatalogMaxAge = defaultCatalogMaxAge
	}
	if config.SyncWait == 0 {
		config.SyncWait = defaultSyncWait
	}
	if config.Burst == 0 {
		config.Burst = max(1, int(2*config.Rate))
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Broker{config: config, report: newReporter(config.Logger), limit: limiter{perSecond: config.Rate, burst: config.Burst}}, nil
}

// Ping fetches the catalog if it is older than CatalogMaxAge, and returns an error if
// the broker does not answer.
func (b *Broker) Ping(ctx context.Context) error {
	b.mu.Lock()
	fresh, failed := time.Since(b.asked) < b.config.CatalogMaxAge, b.failed
	b.mu.Unlock()
	if fresh && failed == nil {
		return nil
	}
	_, err := b.fetchCatalog(ctx)
	return err
}

// Catalog returns the catalog of the broker. If the broker is away, the last one stays.
func (b *Broker) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	for {
		b.mu.Lock()
		known, fresh, asking := b.catalog, time.Since(b.asked) < b.config.CatalogMaxAge, b.asking
		if known != nil && (fresh || asking != nil) {
			b.mu.Unlock()
			return known, nil
		}
		if asking == nil {
			asking = make(chan struct{})
			b.asking = asking
			b.mu.Unlock()
			fetched, err := b.fetchCatalog(ctx)
			b.mu.Lock()
			b.asking = nil
			b.mu.Unlock()
			close(asking)
			if err != nil && known != nil {
				return known, nil
			}
			return fetched, err
		}
		b.mu.Unlock()
		select {
		case <-asking:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *Broker) fetchCatalog(ctx context.Context) (*openbroker.Catalog, error) {
	var raw client.Response
	fetched, err := b.config.Client.Catalog(client.WithResponse(ctx, &raw))
	found := inspect(kindCatalog, &raw, false)
	if err == nil {
		if problem := fetched.Validate(); problem != nil {
			found = append(found, violation{clause: clauseCatalog, text: problem.Error()})
			if b.config.Mode == Enforce {
				err = openbroker.NewError(http.StatusBadGateway, "", "The catalog of the service broker is not valid.").WithCause(problem)
			}
		}
	}
	b.report.log(ctx, "catalog", "", found)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked, b.failed = time.Now(), err
	if err != nil {
		b.config.Logger.LogAttrs(ctx, slog.LevelWarn, "the catalog of the broker cannot be read", slog.String("error", err.Error()), slog.Bool("kept", b.catalog != nil))
		return nil, passOn(err)
	}
	b.catalog = fetched
	return fetched, nil
}

// passOn returns what the platform hears of an error of the broker: the broker's own
// status and texts, but for what concerns only this process and the broker.
func passOn(err error) error {
	var response *client.ResponseError
	var silent *client.TransportError
	switch {
	case errors.As(err, &silent) && silent.Refused:
		return openbroker.ErrUnavailable.WithCause(err)
	case errors.As(err, &silent) && silent.Timeout():
		return openbroker.NewError(http.StatusGatewayTimeout, "", "The service broker did not answer in time.").WithCause(err)
	case errors.As(err, &silent):
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker gave no answer.").WithCause(err)
	case !errors.As(err, &response):
		return err
	case response.Malformed != "":
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker gave an answer that is not valid.").WithCause(err)
	case slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, response.StatusCode):
		// The platform's own login is fine.
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker does not accept the login of the process in front of it.").WithCause(err)
	case response.StatusCode == http.StatusPreconditionFailed:
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker speaks another version of the API.").WithCause(err)
	case response.Description == "" && response.Excerpt != "":
		return openbroker.NewError(response.StatusCode, response.Code, response.Excerpt).WithRetryAfter(response.RetryAfter).WithCause(err)
	default:
		return err
	}
}
