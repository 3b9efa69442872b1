package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

var (
	_ durable.NamedProviders    = (*Dispatcher)(nil)
	_ durable.RequestChecker    = (*Dispatcher)(nil)
	_ durable.ResourceFinder    = (*Dispatcher)(nil)
	_ durable.DashboardProvider = (*Dispatcher)(nil)
)

// A Dispatcher is the providers of a [Group], as one [durable.Provider]. It passes each
// call on to the provider that made the instance, by the name in the record; for a new
// instance, to that of the service.
//
// It has the optional interfaces whose absence an answer can express, and gives that
// answer for providers that lack them. It is no [durable.ResourceLister]: a list without
// the resources of some providers would make orphans of their records. See
// [Dispatcher.Lister].
type Dispatcher struct {
	group *Group
	// running has the providers in the order of the group.
	running []durable.Provider
	logger  *slog.Logger
	closed  atomic.Bool
	// parsed has a *parsedPlan for each plan id: that of the catalog that was used last.
	parsed sync.Map
}

// Start makes the providers. Host is what they have in common: its Name is empty. The
// error names the provider that could not be made.
func (g *Group) Start(ctx context.Context, host Host) (*Dispatcher, error) {
	if host.Logger == nil {
		host.Logger = slog.New(slog.DiscardHandler)
	}
	logger := host.Logger
	d := &Dispatcher{group: g, logger: logger}
	for i := range g.members {
		m := &g.members[i]
		host.Name, host.Logger = m.Name, logger.With(slog.String("provider", m.Name))
		host.Helper = g.set.helper(m.Definition)
		made, err := construct(ctx, m, host)
		if err != nil {
			return nil, errors.Join(&startError{provider: m.Name, definition: m.Definition.name, err: err}, d.Close())
		}
		d.running = append(d.running, made)
	}
	return d, nil
}

// construct calls the constructor. A panic becomes an error, because the name of the
// provider is not in its stack trace; the trace goes to the log.
func construct(ctx context.Context, m *Named, host Host) (made durable.Provider, err error) {
	defer func() {
		if value := recover(); value != nil {
			host.Logger.LogAttrs(ctx, slog.LevelError, "the constructor of a provider panicked", slog.String("stack", string(debug.Stack())))
			made, err = nil, fmt.Errorf("its constructor panicked: %v", value)
		}
	}()
	made, err = m.Definition.start(ctx, m.Settings, host)
	if err == nil && made == nil {
		err = errors.New("its constructor returned none")
	}
	return made, err
}

// A startError says why a provider could not be made.
type startError struct {
	provider, definition string
	err                  error
}

// Error returns the name and the error, without the prefix of the provider's package.
func (e *startError) Error() string {
	return "the provider " + e.provider + ": " + strings.TrimPrefix(e.err.Error(), e.definition+": ")
}

func (e *startError) Unwrap() error { return e.err }

// ProviderFor returns the name of the provider of a service.
func (d *Dispatcher) ProviderFor(service *openbroker.Service) (string, error) {
	m, err := d.group.of(service)
	if err != nil {
		return "", fmt.Errorf("the service %q: %s %w", service.Name, Field, err)
	}
	return m.Name, nil
}

// UnnamedProvider is that of the group.
func (d *Dispatcher) UnnamedProvider() string { return d.group.UnnamedProvider() }

// ChecksCreation reports whether a plan of a service has values to prepare, or its
// provider can refuse a creation, find resources, or have dashboards.
func (d *Dispatcher) ChecksCreation(service *openbroker.Service) bool {
	m, err := d.group.of(service)
	if err != nil || hasValues(service) {
		return true // The request may be a repetition, which has an answer.
	}
	for i, p := range d.running {
		if d.group.members[i].Name != m.Name {
			continue
		}
		_, checks := p.(durable.RequestChecker)
		_, finds := p.(durable.ResourceFinder)
		_, dashboards := p.(durable.DashboardProvider)
		return checks || finds || dashboards
	}
	return true
}

// HasProvider reports whether the group has a provider with the name.
func (d *Dispatcher) HasProvider(name string) bool { return d.group.HasProvider(name) }

// index returns the index of the provider of an instance. With ErrProviderMissing, an
// operation waits for a replica that has the provider.
func (d *Dispatcher) index(instance *durable.Instance) (int, error) {
	name := cmp.Or(instance.Provider, d.UnnamedProvider())
	for i := range d.group.members {
		if d.group.members[i].Name == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: the provider %q made the instance, and this process has %s", durable.ErrProviderMissing, name, d.group.list())
}

// route returns the provider of an instance, and gives the instance the settings of its
// plan.
func (d *Dispatcher) route(instance *durable.Instance) (durable.Provider, error) {
	i, err := d.index(instance)
	if err != nil {
		return nil, err
	}
	d.settle(instance, i)
	return d.running[i], nil
}

// settle gives an instance the settings that its plan has for the i-th provider.
func (d *Dispatcher) settle(instance *durable.Instance, i int) {
	if instance.Plan == nil || instance.Service == nil {
		return
	}
	kind := d.group.members[i].Definition.name
	instance.PlanSettings = instance.Plan.Extensions[kind]
	if owner, err := d.group.of(instance.Service); err == nil && owner.Definition.name != kind {
		instance.PlanSettings = json.RawMessage(settingsGone)
	}
}

// Provision passes the call on.
func (d *Dispatcher) Provision(ctx context.Context, task *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	p, err := d.route(&instance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	return p.Provision(ctx, task, instance)
}

// Update passes the call on.
func (d *Dispatcher) Update(ctx context.Context, task *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	p, err := d.route(&instance)
	if err == nil {
		_, err = d.route(&previous)
	}
	if err != nil {
		return durable.UpdateResult{}, err
	}
	return p.Update(ctx, task, instance, previous)
}

// Deprovision passes the call on.
func (d *Dispatcher) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	p, err := d.route(&instance)
	if err != nil {
		return err
	}
	return p.Deprovision(ctx, task, instance)
}

// Bind passes the call on.
func (d *Dispatcher) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	p, err := d.route(&binding.Instance)
	if err != nil {
		return durable.BindResult{}, err
	}
	result, err := p.Bind(ctx, task, binding)
	if err == nil {
		err = d.changeCredentials(&binding, &result)
	}
	return result, err
}

// Unbind passes the call on.
func (d *Dispatcher) Unbind(ctx context.Context, task *durable.Task, binding durable.Binding) error {
	p, err := d.route(&binding.Instance)
	if err != nil {
		return err
	}
	return p.Unbind(ctx, task, binding)
}

// CheckInstance asks the provider. One that cannot check accepts everything. If this
// process does not have the provider of the instance, the error is
// [openbroker.ErrUnavailable]: another replica may have it.
func (d *Dispatcher) CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error {
	p, err := d.route(&instance)
	if err != nil {
		return openbroker.ErrUnavailable.WithCause(err)
	}
	checker, ok := p.(durable.RequestChecker)
	if !ok {
		return nil
	}
	if previous != nil {
		before := *previous
		if _, err := d.route(&before); err != nil {
			return err
		}
		previous = &before
	}
	return checker.CheckInstance(ctx, instance, previous)
}

// CheckBinding is like CheckInstance.
func (d *Dispatcher) CheckBinding(ctx context.Context, binding durable.Binding) error {
	p, err := d.route(&binding.Instance)
	if err != nil {
		return openbroker.ErrUnavailable.WithCause(err)
	}
	if checker, ok := p.(durable.RequestChecker); ok {
		return checker.CheckBinding(ctx, binding)
	}
	return nil
}

// ResourceExists asks the provider. One that cannot find resources has none.
func (d *Dispatcher) ResourceExists(ctx context.Context, instance durable.Instance) (bool, error) {
	p, err := d.route(&instance)
	if err != nil {
		return false, err
	}
	if finder, ok := p.(durable.ResourceFinder); ok {
		return finder.ResourceExists(ctx, instance)
	}
	return false, nil
}

// DashboardURL asks the provider. One without dashboards has an empty URL.
func (d *Dispatcher) DashboardURL(ctx context.Context, instance durable.Instance) (string, error) {
	p, err := d.route(&instance)
	if err != nil {
		return "", err
	}
	if dashboards, ok := p.(durable.DashboardProvider); ok {
		return dashboards.DashboardURL(ctx, instance)
	}
	return "", nil
}

// Listers returns the names of the providers that can list their resources, and of those
// that cannot.
func (d *Dispatcher) Listers() (can, cannot []string) {
	for i, p := range d.running {
		if _, ok := p.(durable.ResourceLister); ok {
			can = append(can, d.group.members[i].Name)
		} else {
			cannot = append(cannot, d.group.members[i].Name)
		}
	}
	return can, cannot
}

// Lister returns a lister of the resources of one provider. ok is false if there is no
// such provider, or if it cannot list them.
func (d *Dispatcher) Lister(name string) (lister durable.ResourceLister, ok bool) {
	for i, p := range d.running {
		if d.group.members[i].Name == name {
			lister, ok = p.(durable.ResourceLister)
			return lister, ok
		}
	}
	return nil, false
}

// ProviderOf returns the name of the provider that made an instance.
func (d *Dispatcher) ProviderOf(instance durable.Instance) (string, error) {
	i, err := d.index(&instance)
	if err != nil {
		return "", err
	}
	return d.group.members[i].Name, nil
}
