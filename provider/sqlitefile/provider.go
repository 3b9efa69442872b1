package sqlitefile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A Config says where the databases are.
type Config struct {
	// Directory holds the instances. It is made (mode 0700) if there is none.
	// Required. Replicas of one broker need to have it in common.
	Directory string
	// CreateDelay makes each attempt at a provision wait before it creates the
	// database, as a slow service would: for demonstrations and tests. None by
	// default.
	CreateDelay time.Duration
}

var (
	_ durable.Provider       = (*Provider)(nil)
	_ durable.RequestChecker = (*Provider)(nil)
	_ durable.ResourceLister = (*Provider)(nil)
	_ durable.ResourceFinder = (*Provider)(nil)
)

// A Provider makes SQLite databases. Create it with [New].
type Provider struct {
	root  directory
	delay time.Duration
}

// New returns a provider. The error says if the directory is not given or cannot
// be made, or if the delay is negative.
func New(config Config) (*Provider, error) {
	switch {
	case config.Directory == "":
		return nil, errors.New("sqlitefile: the directory is empty: name one for the databases")
	case config.CreateDelay < 0:
		return nil, fmt.Errorf("sqlitefile: the create delay is %v: it must not be negative", config.CreateDelay)
	}
	path, err := filepath.Abs(config.Directory)
	if err != nil {
		return nil, fmt.Errorf("sqlitefile: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("sqlitefile: make the directory of the databases: %w", err)
	}
	return &Provider{root: directory(path), delay: config.CreateDelay}, nil
}

// Provision creates the database. One that is there stays as it is.
func (p *Provider) Provision(ctx context.Context, _ *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	kept, err := stateOf(instance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	return durable.ProvisionResult{State: kept}, p.create(ctx, instance.ResourceName())
}

func (p *Provider) create(ctx context.Context, name string) error {
	exists, err := p.root.has(name)
	if err != nil {
		return err
	}
	if exists {
		// An attempt before this one may have ended before this was on disk.
		return p.root.sync()
	}
	if err := wait(ctx, p.delay); err != nil {
		return err
	}
	return p.root.create(ctx, name)
}

// Update changes the plan, which is the quota of bindings made from now on. The
// error is 422 if the database is larger than the new plan allows.
func (p *Provider) Update(_ context.Context, _ *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	if err := p.checkSize(instance, previous); err != nil {
		return durable.UpdateResult{}, err
	}
	kept, err := stateOf(instance)
	return durable.UpdateResult{State: kept}, err
}

// Deprovision deletes the database and the names that bindings have for it.
func (p *Provider) Deprovision(_ context.Context, _ *durable.Task, instance durable.Instance) error {
	return p.root.remove(instance.ResourceName())
}

func wait(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
