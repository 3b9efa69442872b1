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

// A Mode determines how to treat a response that violates the specification. Every
// mode logs the violation. Every mode also corrects violations that do not affect the
// meaning of the response: fields that are null, an empty body, an error that is not
// a JSON object, and 404 in place of 410. The modes differ in all other violations.
type Mode int

const (
	// Report passes on the most likely meaning: it understands other spellings of a
	// state, and waits for an operation that the broker has accepted although the
	// platform does not support asynchronous operations.
	Report Mode = iota + 1
	// Enforce refuses the response with 502. As after any 5xx, the platform then
	// deletes the resource that it requested.
	Enforce
)

// A Config configures [New].
type Config struct {
	// Client calls the broker. It should have neither orphan mitigation, which is the
	// platform's task, nor strict decoding.
	Client *client.Client
	// Mode defaults to Report.
	Mode Mode
	// Logger receives one record for each kind of violation and call, at most once a
	// minute. Nil discards them.
	Logger *slog.Logger
	// CatalogMaxAge is the age after which the catalog is fetched again. Zero means one
	// minute.
	CatalogMaxAge time.Duration
	// Rate is the maximum number of calls per second of each platform, with bursts of
	// up to Burst calls. Calls above the rate get a 429 with Retry-After. A zero Rate
	// means no limit. A zero Burst selects twice the rate. Catalog requests do not
	// count, since the broker does not see them.
	Rate  float64
	Burst int
	// SyncWait is how long to wait for an operation that the broker has accepted
	// although the platform does not support asynchronous operations. Zero means 50
	// seconds; platforms give up after 60 seconds.
	SyncWait time.Duration
}

const (
	defaultCatalogMaxAge = time.Minute
	defaultSyncWait      = 50 * time.Second
)

// A Broker forwards calls to another broker. It is safe for concurrent use.
type Broker struct {
	config Config
	report *reporter
	limit  limiter

	mu      sync.Mutex
	catalog *openbroker.Catalog
	asked   time.Time
	// failed is the error of the last request for the catalog, or nil.
	failed error
	// asking is closed when the current request for the catalog has ended.
	asking chan struct{}
}

var _ openbroker.Broker = (*Broker)(nil)

// New returns a broker in front of the broker of config.Client. It sends no request.
// It returns an error if config has no client, an unknown mode or a negative value.
func New(config Config) (*Broker, error) {
	if config.Mode == 0 {
		config.Mode = Report
	}
	switch {
	case config.Client == nil:
		return nil, errors.New("upstream: the Config has no Client")
	case config.Mode != Report && config.Mode != Enforce:
		return nil, fmt.Errorf("upstream: the mode %d is unknown: use upstream.Report or upstream.Enforce", config.Mode)
	case config.CatalogMaxAge < 0 || config.SyncWait < 0 || config.Rate < 0 || config.Burst < 0:
		return nil, errors.New("upstream: CatalogMaxAge, SyncWait, Rate and Burst must not be negative")
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

// Ping fetches the catalog if it is older than CatalogMaxAge or the last request for
// it failed. It returns an error if the broker does not return a catalog.
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

// Catalog returns the catalog of the broker. If the broker is unreachable, Catalog
// returns the last one; if it has none, it returns an error.
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
				err = openbroker.NewError(http.StatusBadGateway, "", "The catalog of the service broker is invalid.").WithCause(problem)
			}
		}
	}
	b.report.log(ctx, "catalog", "", found)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked, b.failed = time.Now(), err
	if err != nil {
		b.config.Logger.LogAttrs(ctx, slog.LevelWarn, "cannot read the catalog of the broker", slog.String("error", err.Error()), slog.Bool("kept", b.catalog != nil))
		return nil, platformError(err)
	}
	b.catalog = fetched
	return fetched, nil
}

// platformError returns the error for the platform: the status and the texts of the broker.
// It replaces errors that concern only the connection between this process and the
// broker.
func platformError(err error) error {
	var response *client.ResponseError
	var silent *client.TransportError
	switch {
	case errors.As(err, &silent) && silent.Refused:
		return openbroker.ErrUnavailable.WithCause(err)
	case errors.As(err, &silent) && silent.Timeout():
		return openbroker.NewError(http.StatusGatewayTimeout, "", "The service broker did not respond in time.").WithCause(err)
	case errors.As(err, &silent):
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker did not respond.").WithCause(err)
	case !errors.As(err, &response):
		return err
	case response.Malformed != "":
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker returned an invalid response.").WithCause(err)
	case slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, response.StatusCode):
		// With a 401, the platform would assume that its own credentials are wrong.
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker does not accept the credentials of the proxy in front of it.").WithCause(err)
	case response.StatusCode == http.StatusPreconditionFailed:
		return openbroker.NewError(http.StatusBadGateway, "", "The service broker does not support the API version of the proxy in front of it.").WithCause(err)
	case response.Description == "" && response.Excerpt != "":
		return openbroker.NewError(response.StatusCode, response.Code, response.Excerpt).WithRetryAfter(response.RetryAfter).WithCause(err)
	default:
		return err
	}
}
