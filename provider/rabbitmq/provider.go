package rabbitmq

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

var (
	_ durable.Provider          = (*Provider)(nil)
	_ durable.RequestChecker    = (*Provider)(nil)
	_ durable.ResourceFinder    = (*Provider)(nil)
	_ durable.ResourceLister    = (*Provider)(nil)
	_ durable.DashboardProvider = (*Provider)(nil)
	_ provider.HealthChecker    = (*Provider)(nil)
)

// slowTimeout is how long a node may take to delete a virtual host with all its queues.
const slowTimeout = 10 * time.Minute

// A Provider provides virtual hosts. Create it with [New].
type Provider struct {
	target target
	client *management.Client
	logger *slog.Logger
	// overcommit is how many times the connections of the server may be promised; 0 means
	// any number of times.
	overcommit int64
}

// New returns a provider. It returns an error if the settings are wrong, if the server
// refuses the account, or if the account lacks a privilege. A server that is away is no
// error: operations wait for it.
func New(ctx context.Context, settings Settings, host provider.Host) (*Provider, error) {
	where, err := settings.target()
	if err != nil {
		return nil, fmt.Errorf("rabbitmq: %w", err)
	}
	p := &Provider{target: where, logger: host.Logger, overcommit: settings.Overcommit}
	if p.logger == nil {
		p.logger = slog.New(slog.DiscardHandler)
	}
	nodes := make([]*url.URL, len(where.management.hosts))
	for i, node := range where.management.hosts {
		nodes[i] = where.management.url(node, "", "", "")
	}
	p.client, err = management.New(management.Config{
		Nodes: nodes, Username: where.username, Password: where.password,
		TLS:     func(host string) (*tls.Config, error) { return settings.TLS.Config(settings.TLS.Mode, host) },
		Timeout: time.Duration(settings.Timeout), SlowTimeout: slowTimeout, MaxConnections: settings.Connections,
	})
	if err != nil {
		return nil, fmt.Errorf("rabbitmq: %w", err)
	}
	if err := p.checkAccount(ctx); err != nil {
		if !away(err) {
			return nil, errors.Join(fmt.Errorf("rabbitmq: %w", err), p.Close())
		}
		p.logger.LogAttrs(ctx, slog.LevelWarn, "the server is away: operations wait for it; if it runs, look whether its management plugin does (rabbitmq-plugins enable rabbitmq_management)", slog.Any("error", err))
	}
	return p, nil
}

// Close closes the connections.
func (p *Provider) Close() error {
	p.client.Close()
	return nil
}

// checkAccount returns an error unless the account may do all that the provider does.
func (p *Provider) checkAccount(ctx context.Context) error {
	user, err := p.client.Whoami(ctx)
	if management.Status(err) == http.StatusUnauthorized {
		return fmt.Errorf("the server refuses the account %q, or it has no tag of the management plugin: correct the password, or run rabbitmqctl set_user_tags %s administrator (%s)",
			p.client.Username(), p.client.Username(), management.Reason(err))
	}
	if err != nil {
		return err
	}
	if !user.Tags.Has(management.TagAdministrator) {
		return fmt.Errorf("the account %q has the tags %q and lacks the tag administrator, which it needs to manage virtual hosts, users and limits: run rabbitmqctl set_user_tags %s administrator",
			user.Name, []string(user.Tags), user.Name)
	}
	return nil
}

// vhostOf returns the name of the virtual host of an instance.
func vhostOf(instance durable.Instance) string { return credential.Identifier(instance.ResourceName()) }

// userOf returns the name of the user of a binding.
func userOf(binding durable.Binding) string { return credential.Username(binding.ResourceName()) }

// away reports whether an error means that the server cannot be used now.
func away(err error) bool { return management.Busy(err) || transport.Unreachable(err) }

// failed returns the error of an operation: one that waits if the server is away or
// refuses the account, whose password may have been changed before the configuration.
func failed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case away(err), management.Status(err) == http.StatusUnauthorized, errors.Is(err, errNoStatistics):
		return durable.Unreachable(err)
	}
	return err
}
