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

// A Config configures a [Provider].
type Config struct {
	// Directory contains the instances. Required. It is created with mode 0700 if it
	// does not exist. Replicas of a broker must share it.
	Directory string
	// CreateDelay is how long each attempt of a provision waits before it creates the
	// database, to simulate a slow service in demonstrations and tests. 0 by default.
	CreateDelay time.Duration
}

var (
	_ durable.Provider       = (*Provider)(nil)
	_ durable.RequestChecker = (*Provider)(nil)
	_ durable.ResourceLister = (*Provider)(nil)
	_ durable.ResourceFinder = (*Provider)(nil)
)

// A Provider provides SQLite databases. Create it with [New].
type Provider struct {
	root  directory
	delay time.Duration
}

// New returns a provider. It returns an error if Config.Directory is empty or cannot
// be created, or if Config.CreateDelay is negative.
func New(config Config) (*Provider, error) {
	switch {
	case config.Directory == "":
		return nil, errors.New("sqlitefile: the name of the directory is empty: set a directory for the databases")
	case config.CreateDelay < 0:
		return nil, fmt.Errorf("sqlitefile: the create delay is %v: it must not be negative", config.CreateDelay)
	}
	path, err := filepath.Abs(config.Directory)
	if err != nil {
		return nil, fmt.Errorf("sqlitefile: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("sqlitefile: create the directory of the databases: %w", err)
	}
	return &Provider{root: directory(path), delay: config.CreateDelay}, nil
}

// Provision creates the database. An existing database stays unchanged.
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
		// An earlier attempt may have died before the rename was on disk.
		return p.root.sync()
	}
	if err := wait(ctx, p.delay); err != nil {
		return err
	}
	return p.root.create(ctx, name)
}

// Update changes the plan, which sets the quota of new bindings. It returns an error
// with status 422 if the database is larger than the new plan allows.
func (p *Provider) Update(_ context.Context, _ *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	if err := p.checkSize(instance, previous); err != nil {
		return durable.UpdateResult{}, err
	}
	kept, err := stateOf(instance)
	return durable.UpdateResult{State: kept}, err
}

// Deprovision deletes the database and the links of its bindings.
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
