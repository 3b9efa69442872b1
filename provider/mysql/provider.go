package mysql

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// quickTime bounds what a request waits for.
const quickTime = 5 * time.Second

var (
	_ durable.Provider       = (*service)(nil)
	_ durable.RequestChecker = (*service)(nil)
	_ durable.ResourceLister = (*service)(nil)
	_ durable.ResourceFinder = (*service)(nil)
	_ provider.HealthChecker = (*service)(nil)
	_ io.Closer              = (*service)(nil)
)

// A service is the provider.
type service struct {
	settings Settings
	server   *server
	logger   *slog.Logger
	// hosts are where applications reach the server.
	hosts []credential.Host

	// facts are nil until the server was inspected, and again after it was away.
	facts atomic.Pointer[facts]
	// inspecting has a place for the goroutine that inspects the server.
	inspecting chan struct{}
}

// newProvider makes the provider. The error says what the broker's account lacks, or
// what about the server would spoil bindings. A server that is away is no error: the
// inspection follows with its first use.
func newProvider(ctx context.Context, settings Settings, host provider.Host) (*service, error) {
	way, err := connect(settings)
	if err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	p := &service{settings: settings, server: way, logger: host.Logger, hosts: way.hosts, inspecting: make(chan struct{}, 1)}
	if len(settings.Hosts) > 0 {
		p.hosts = nil
	}
	for _, text := range settings.Hosts {
		h, err := parseHost(text)
		if err != nil {
			return nil, fmt.Errorf("mysql: hosts %w", err)
		}
		p.hosts = append(p.hosts, h)
	}
	bounded, cancel := context.WithTimeout(ctx, 2*dialTimeout)
	defer cancel()
	_, err = p.known(bounded)
	switch {
	case err == nil:
		return p, nil
	case unreachable(err) && number(err) != errAccessDenied && ctx.Err() == nil:
		p.logger.LogAttrs(ctx, slog.LevelWarn, "the server cannot be reached: operations wait until it can", slog.Any("error", err))
		return p, nil
	}
	_ = way.Close()
	return nil, fmt.Errorf("mysql: %w", err)
}

// known returns the facts of the server, which it inspects if needed.
func (p *service) known(ctx context.Context) (*facts, error) {
	if found := p.facts.Load(); found != nil {
		return found, nil
	}
	select {
	case p.inspecting <- struct{}{}:
		defer func() { <-p.inspecting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if found := p.facts.Load(); found != nil {
		return found, nil
	}
	found, err := p.inspect(ctx)
	if err == nil {
		p.facts.Store(found)
	}
	return found, err
}

// forget makes the next use inspect the server again.
func (p *service) forget() { p.facts.Store(nil) }

// CheckHealth reports why the server cannot be used now.
func (p *service) CheckHealth(ctx context.Context) error {
	if err := p.server.quick.PingContext(ctx); err != nil {
		p.forget()
		return err
	}
	_, err := p.known(ctx)
	return err
}

// Close closes the connections.
func (p *service) Close() error { return p.server.Close() }
