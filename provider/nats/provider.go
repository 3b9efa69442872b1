package nats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// minReconcileInterval bounds how often accounts are compared with the records. In
// between, an operation of another replica must have ended, see Reconcile.
const minReconcileInterval = time.Minute

var (
	_ durable.Provider       = (*Provider)(nil)
	_ durable.RequestChecker = (*Provider)(nil)
	_ durable.ResourceFinder = (*Provider)(nil)
	_ durable.ResourceLister = (*Provider)(nil)
	_ durable.Reconciler     = (*Provider)(nil)
	_ provider.HealthChecker = (*Provider)(nil)
)

// A Provider provides accounts of a NATS server. The [Definition] makes it.
type Provider struct {
	operator    *operator
	link        *link
	application []*url.URL // the addresses in credentials
	interval    time.Duration
	ticks       <-chan time.Time // in place of the interval, in tests
	logger      *slog.Logger

	// checked is true after the server was found to be usable.
	checked atomic.Bool
	// records are those of the engine, once it has started.
	records chan durable.Records

	// pushing serializes the changes of accounts in this process.
	pushing sync.Mutex
}

// start makes the provider, and finds out whether the server can be used. A server that
// is away is asked later.
func start(ctx context.Context, s Settings, host provider.Host) (*Provider, error) {
	operator, err := newOperator(string(s.OperatorSeed))
	if err != nil {
		return nil, fmt.Errorf("operator_seed %w", err)
	}
	system, err := parseCreds(string(s.SystemCreds))
	if err != nil {
		return nil, fmt.Errorf("system_creds %w", err)
	}
	addresses, err := servers(string(s.URL))
	if err != nil {
		return nil, fmt.Errorf("url %w", err)
	}
	p := &Provider{
		operator: operator, interval: s.reconcileInterval(), logger: host.Logger, records: make(chan durable.Records, 1),
		link: &link{addresses: addresses, tls: s.TLS, system: system, timeout: time.Duration(s.RequestTimeout)},
	}
	if p.application, err = servers(string(cmp.Or(s.ApplicationURL, s.URL))); err != nil {
		return nil, fmt.Errorf("application_url %w", err)
	}
	if p.logger == nil {
		p.logger = slog.New(slog.DiscardHandler)
	}
	if p.link.timeout == 0 {
		p.link.timeout = connectTimeout
	}
	if err := p.link.open(); err != nil {
		return nil, err
	}
	if err := p.check(ctx); err != nil {
		if !away(err) {
			return nil, errors.Join(err, p.Close())
		}
		p.logger.LogAttrs(ctx, slog.LevelWarn, "no NATS server can be reached: the broker starts, and operations wait", slog.String("error", err.Error()))
	}
	return p, nil
}

func (s Settings) reconcileInterval() time.Duration {
	if s.ReconcileInterval == 0 {
		return 5 * time.Minute
	}
	return time.Duration(s.ReconcileInterval)
}

// Close ends the connection with the server.
func (p *Provider) Close() error {
	p.link.conn.Close()
	return nil
}

// CheckHealth returns why the server cannot be used.
func (p *Provider) CheckHealth(ctx context.Context) error {
	if err := p.check(ctx); err != nil {
		return err
	}
	if p.link.conn.Status() != client.CONNECTED {
		return client.ErrDisconnected
	}
	ctx, cancel := context.WithTimeout(ctx, p.link.timeout) // nats.go demands a deadline.
	defer cancel()
	return p.link.conn.FlushWithContext(ctx)
}

// check finds out once whether the server can be used: it deletes an account that does
// not exist. The server refuses that if the operator is not its own, or if accounts
// cannot be deleted, and does not answer without a full resolver.
func (p *Provider) check(ctx context.Context) error {
	if p.checked.Load() {
		return nil
	}
	_, unused, _, err := newKey(nkeys.CreateAccount)
	if err != nil {
		return err
	}
	if err := p.delete(ctx, unused); err != nil {
		return err
	}
	p.checked.Store(true)
	return nil
}
