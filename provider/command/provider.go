package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/internal/program"
)

var (
	_ durable.Provider       = (*Provider)(nil)
	_ provider.HealthChecker = (*Provider)(nil)
	_ io.Closer              = (*Provider)(nil)
)

// A Provider runs a program for each operation. Make it with [New].
type Provider struct {
	settings    Settings
	environment []string
	host        provider.Host
	// locks is the directory of the locks of running programs, or empty.
	locks string
	// slots has a value for each program that may run.
	slots chan struct{}
	// secrets are those of the settings.
	secrets message.Masker

	// closing ends with Close, running with the last program after it.
	closing context.Context //nolint:containedctx // It ends the programs of all calls.
	close   context.CancelCauseFunc
	running sync.WaitGroup
}

// New returns a provider. It is a [durable.RequestChecker] with Settings.Check, and a
// [durable.ResourceLister] with Settings.List. It returns an error if the settings are
// invalid; it runs nothing.
func New(settings Settings, host provider.Host) (durable.Provider, error) {
	if err := settings.check(); err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	if host.Logger == nil {
		host.Logger = slog.New(slog.DiscardHandler)
	}
	directory, err := filepath.Abs(string(settings.Directory))
	if err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	settings.Directory = provider.Directory(directory)
	p := &Provider{
		settings: settings, environment: settings.environment(), host: host,
		slots: make(chan struct{}, max(settings.Concurrency, 1)),
	}
	for _, secret := range settings.Secrets {
		p.secrets.Text(string(secret))
	}
	p.closing, p.close = context.WithCancelCause(context.Background())
	p.prepare()
	checks, lists := checks{p}, lists{p}
	switch {
	case settings.Check && settings.List:
		return struct {
			*Provider
			checksRequests
			listsResources
		}{p, checks, lists}, nil
	case settings.Check:
		return struct {
			*Provider
			checksRequests
		}{p, checks}, nil
	case settings.List:
		return struct {
			*Provider
			listsResources
		}{p, lists}, nil
	default:
		return p, nil
	}
}

// prepare finds out what this machine and this process cannot do, and logs it.
func (p *Provider) prepare() {
	ctx := context.Background()
	if p.host.Helper == nil || !program.HasSupervisor {
		p.host.Logger.LogAttrs(ctx, slog.LevelWarn, "programs run without a supervisor: processes that leave the group of their program are not ended, and programs outlive a broker that is killed")
	}
	if p.host.Data == "" || !program.HasSupervisor {
		return
	}
	locks := filepath.Join(p.host.Data, "command-"+p.host.Name, "locks")
	if err := os.MkdirAll(locks, 0o700); err != nil {
		p.host.Logger.LogAttrs(ctx, slog.LevelWarn, "the data directory cannot be used for locks: after a crash of the broker, two programs can work on one instance for a moment", slog.String("error", err.Error()))
		return
	}
	p.locks = locks
}

// errClosed ends the programs of a provider that is closed.
var errClosed = fmt.Errorf("the provider is closed: %w", context.Canceled)

// Close ends all programs, and waits until they have ended.
func (p *Provider) Close() error {
	p.close(errClosed)
	p.running.Wait()
	return nil
}

// CheckHealth returns why the programs cannot run.
func (p *Provider) CheckHealth(context.Context) error { return p.settings.checkFiles() }

// Provision runs the program.
func (p *Provider) Provision(ctx context.Context, task *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	r, err := message.ForInstance(ctx, message.Provision, task, instance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	answer, err := p.operate(ctx, task, r)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	return answer.Provisioned(), nil
}

// Update runs the program.
func (p *Provider) Update(ctx context.Context, task *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	if p.settings.command(message.Update) == nil {
		return durable.UnimplementedProvider{}.Update(ctx, task, instance, previous)
	}
	r, err := message.ForUpdate(ctx, message.Update, task, instance, previous)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	answer, err := p.operate(ctx, task, r)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	return answer.Updated(), nil
}

// Deprovision runs the program.
func (p *Provider) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	r, err := message.ForInstance(ctx, message.Deprovision, task, instance)
	if err != nil {
		return err
	}
	_, err = p.operate(ctx, task, r)
	return err
}

// Bind runs the program.
func (p *Provider) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	if p.settings.command(message.Bind) == nil {
		return durable.UnimplementedProvider{}.Bind(ctx, task, binding)
	}
	r, err := message.ForBinding(ctx, message.Bind, task, binding)
	if err != nil {
		return durable.BindResult{}, err
	}
	answer, err := p.operate(ctx, task, r)
	if err != nil {
		return durable.BindResult{}, err
	}
	return answer.Bound(binding.Instance.Service)
}

// Unbind runs the program.
func (p *Provider) Unbind(ctx context.Context, task *durable.Task, binding durable.Binding) error {
	if p.settings.command(message.Unbind) == nil {
		return durable.UnimplementedProvider{}.Unbind(ctx, task, binding)
	}
	r, err := message.ForBinding(ctx, message.Unbind, task, binding)
	if err != nil {
		return err
	}
	_, err = p.operate(ctx, task, r)
	return err
}

// operate runs the program for an operation of the engine.
func (p *Provider) operate(ctx context.Context, task *durable.Task, r *message.Request) (*message.Answer, error) {
	if p.settings.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(p.settings.Timeout), p.timedOut(r))
		defer cancel()
		r.Limit(ctx)
	}
	c := &call{provider: p, request: r, logger: task.Logger(), progress: task, grace: time.Duration(p.settings.Grace)}
	if p.locks != "" {
		name := r.Instance.ResourceName
		if r.Binding != nil {
			name = r.Binding.ResourceName
		}
		c.lock = filepath.Join(p.locks, name)
	}
	answer, err := c.run(ctx)
	if err == nil {
		err = answer.Err()
	}
	return answer, err
}

// timedOut is the error of an attempt that takes longer than Settings.Timeout.
func (p *Provider) timedOut(r *message.Request) error {
	return openbroker.NewError(504, "", "The operation took too long. Its id is "+r.ID+".").
		WithCause(fmt.Errorf("the program did not end within the timeout of %s", time.Duration(p.settings.Timeout)))
}
