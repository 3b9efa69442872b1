package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
)

var (
	_ durable.Provider          = (*Provider)(nil)
	_ provider.CallbackReceiver = (*Provider)(nil)
	_ provider.HealthChecker    = (*Provider)(nil)
)

// A Provider sends the operations of its instances to a receiver.
type Provider struct {
	settings    Settings
	name        string
	logger      *slog.Logger
	client      *client
	callbackURL string
	// callbacks is nil without callbackURL.
	callbacks *callbacks
	// retries is how often a call is repeated in an attempt, with pauses from retryMin to
	// retryMax. Polls have pauses from pollMin to pollMax.
	retries                              int
	retryMin, retryMax, pollMin, pollMax time.Duration
}

// The pauses between retries, and the first one between polls.
const (
	firstRetry   = 500 * time.Millisecond
	longestRetry = 15 * time.Second
	firstPoll    = 500 * time.Millisecond
)

// newProvider returns the provider for settings that were checked.
func newProvider(s Settings, host provider.Host) (*Provider, error) {
	endpoint, err := url.Parse(string(s.URL))
	if err != nil {
		return nil, errURL
	}
	c := &client{
		endpoint: endpoint, header: http.Header{}, tls: s.TLS, timeout: time.Duration(s.Timeout), tolerance: time.Duration(s.Tolerance),
		signed: s.SignedAnswers, now: time.Now, slots: make(chan struct{}, s.Concurrency),
		addresses: addresses{local: endpoint.Scheme == schemeHTTP && !s.AllowHTTP},
	}
	for _, text := range s.Secrets {
		key, err := parseSecret(string(text))
		if err != nil {
			return nil, err
		}
		c.secrets = append(c.secrets, key)
	}
	for _, text := range s.Networks {
		network, err := parseNetwork(text)
		if err != nil {
			return nil, err
		}
		c.addresses.networks = append(c.addresses.networks, network)
	}
	for name, value := range s.Headers {
		c.header.Set(name, string(value))
	}
	c.connect()
	p := &Provider{
		settings: s, name: host.Name, logger: host.Logger, client: c, retries: s.Retries,
		retryMin: firstRetry, retryMax: longestRetry, pollMin: min(firstPoll, time.Duration(s.PollInterval)), pollMax: time.Duration(s.PollInterval),
	}
	if s.CallbackURL != "" {
		if p.callbackURL, err = url.JoinPath(string(s.CallbackURL), provider.CallbackPath(host.Name)); err != nil {
			return nil, errCallbackURL
		}
		p.callbacks = &callbacks{secrets: c.secrets, tolerance: c.tolerance, now: c.now, logger: host.Logger, memory: memory{tolerance: c.tolerance}}
	}
	return p, nil
}

// complete adds what each request has.
func (p *Provider) complete(r *message.Request) { r.Provider, r.CallbackURL = p.name, p.callbackURL }

// Callbacks returns the handler of callbacks, or nil.
func (p *Provider) Callbacks() http.Handler {
	if p.callbacks == nil {
		return nil
	}
	return p.callbacks
}

// CheckHealth connects to the receiver.
func (p *Provider) CheckHealth(ctx context.Context) error { return p.client.check(ctx) }

// Provision sends a provision.
func (p *Provider) Provision(ctx context.Context, task *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	answer, err := p.operate(ctx, task, func(t message.Task) (*message.Request, error) {
		return message.ForInstance(ctx, message.Provision, t, instance)
	})
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	return answer.Provisioned(), nil
}

// Update sends an update.
func (p *Provider) Update(ctx context.Context, task *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	answer, err := p.operate(ctx, task, func(t message.Task) (*message.Request, error) {
		return message.ForUpdate(ctx, message.Update, t, instance, previous)
	})
	if err != nil {
		return durable.UpdateResult{}, err
	}
	return answer.Updated(), nil
}

// Deprovision sends a deprovision.
func (p *Provider) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	_, err := p.operate(ctx, task, func(t message.Task) (*message.Request, error) {
		return message.ForInstance(ctx, message.Deprovision, t, instance)
	})
	return err
}

// Bind sends a bind.
func (p *Provider) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	answer, err := p.operate(ctx, task, func(t message.Task) (*message.Request, error) {
		return message.ForBinding(ctx, message.Bind, t, binding)
	})
	if err != nil {
		return durable.BindResult{}, err
	}
	return answer.Bound(binding.Instance.Service)
}

// Unbind sends an unbind.
func (p *Provider) Unbind(ctx context.Context, task *durable.Task, binding durable.Binding) error {
	_, err := p.operate(ctx, task, func(t message.Task) (*message.Request, error) {
		return message.ForBinding(ctx, message.Unbind, t, binding)
	})
	return err
}
