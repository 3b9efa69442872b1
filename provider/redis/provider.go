package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

var (
	_ durable.Provider       = (*redis)(nil)
	_ durable.RequestChecker = (*redis)(nil)
	_ durable.ResourceFinder = (*redis)(nil)
	_ durable.ResourceLister = (*redis)(nil)
	_ durable.Reconciler     = (*redis)(nil)
	_ provider.HealthChecker = (*redis)(nil)
)

// redis is the provider.
type redis struct {
	network  *network
	endpoint endpoint
	interval time.Duration
	logger   *slog.Logger

	// unbinds is held by each unbind, and alone by a pass that makes users again.
	unbinds sync.RWMutex

	mu sync.Mutex
	// records are those of the engine, once it has started.
	records durable.Records
	// moving has instances whose update is not recorded yet, by resource name.
	moving map[string]target
	// moves counts the changes of moving.
	moves int
	// checked says that the account of the broker was found to be sufficient.
	checked bool
	// pass is what the last pass over the nodes found.
	passes passes
	// now makes the next pass begin immediately.
	now chan struct{}
}

// An endpoint is what applications connect to.
type endpoint struct {
	host      string
	port      int
	encrypted bool
	// ca returns the certificates of a private authority, or an empty text.
	ca func() (string, error)
}

// newProvider makes a provider. A server that is away is no error: operations wait for
// it. One that the account of the broker may not change as needed is an error.
func newProvider(ctx context.Context, settings Settings, logger *slog.Logger) (*redis, error) {
	d, err := newDialer(settings)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	// The driver prints what it also returns as errors, and has one logger for the process.
	goredis.SetLogger(silence{})
	host, portText, err := net.SplitHostPort(d.seeds[0])
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	p := &redis{
		network:  &network{dialer: d, discover: settings.Discover, clients: map[place]*goredis.Client{}},
		endpoint: endpoint{host: host, port: port, encrypted: d.encrypted, ca: settings.TLS.CAText},
		interval: time.Duration(settings.Check), logger: logger, now: make(chan struct{}, 1), moving: map[string]target{},
	}
	if settings.Host != "" {
		p.endpoint.host = settings.Host
	}
	if settings.Port != 0 {
		p.endpoint.port = settings.Port
	}
	if _, _, err := p.reach(ctx); err != nil {
		if !away(err) || hasPrefix(err, "NOAUTH ", "WRONGPASS ") {
			return nil, errors.Join(fmt.Errorf("redis: %w", err), p.Close())
		}
		logger.LogAttrs(ctx, slog.LevelWarn, "the server is away: operations wait for it", slog.String("error", err.Error()))
	}
	return p, nil
}

// Close closes all connections.
func (p *redis) Close() error { return p.network.close() }

// CheckHealth returns an error unless all nodes answer and the registry is complete.
func (p *redis) CheckHealth(ctx context.Context) error {
	_, registry, err := p.reach(ctx)
	if err != nil {
		return err
	}
	_, err = registry.read(ctx, registry.client)
	return err
}

// reach finds the nodes and the registry. The first time that a server answers, it checks
// whether the account of the broker may do what it must.
func (p *redis) reach(ctx context.Context) (fleet, *registry, error) {
	nodes, err := p.network.nodes(ctx)
	if err != nil {
		return nil, nil, err
	}
	registry, err := p.network.registry(ctx, nodes)
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	checked := p.checked
	p.mu.Unlock()
	if !checked {
		if err := checkAccount(ctx, nodes, registry); err != nil {
			return nil, nil, err
		}
		p.warnOpen(ctx, nodes)
		p.mu.Lock()
		p.checked = true
		p.mu.Unlock()
	}
	return nodes, registry, nil
}

// wait marks the error of an operation, see waiting. If the registry is incomplete, the
// next pass, which completes it, begins now.
func (p *redis) wait(ctx context.Context, err error) error {
	if errors.Is(err, errIncomplete) {
		p.hurry()
	}
	return waiting(ctx, err)
}

// state is the stored state of an instance. It is what the registry has, so that a
// registry that was lost can be made again.
type state struct {
	Isolation string `json:"isolation"`
	Database  int    `json:"database,omitempty"`
	MemoryMB  int    `json:"memory_mb,omitempty"`
	// Scripts and Commands are those of the plan, for an instance whose plan is gone.
	Scripts  bool     `json:"scripts,omitempty"`
	Commands []string `json:"commands,omitempty"`
}

// stateOf decodes the state of an instance. ok is false if it was not created yet.
func stateOf(instance *durable.Instance) (found state, ok bool) {
	if len(instance.State) == 0 || json.Unmarshal(instance.State, &found) != nil || found.Isolation == "" {
		return state{}, false
	}
	return found, true
}

// record returns what the registry has of the instance.
func (s *state) record() record {
	return record{Isolation: s.Isolation, Database: s.Database, MemoryMB: s.MemoryMB}
}

// settingsOf returns the settings of the plan of an instance or, if the plan is gone, what
// they were.
func settingsOf(instance *durable.Instance) (PlanSettings, error) {
	settings, err := provider.Plan[PlanSettings](*instance)
	if errors.Is(err, provider.ErrPlanGone) {
		if kept, ok := stateOf(instance); ok {
			return PlanSettings{Isolation: kept.Isolation, Scripts: kept.Scripts, Commands: kept.Commands, MemoryMB: kept.MemoryMB}, nil
		}
	}
	return settings, err
}

// A target is the plan that an update gives an instance. Until the engine has recorded the
// update, a pass must not give its users the rights of the former plan again.
type target struct {
	plan     string
	settings PlanSettings
}

// move notes the target of an update, or forgets it.
func (p *redis) move(instance *durable.Instance, to *target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moves++
	if to == nil {
		delete(p.moving, instance.ResourceName())
	} else {
		p.moving[instance.ResourceName()] = *to
	}
}

func (p *redis) movements() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.moves
}

// planOf returns the settings of the plan of an instance: those of a target, until the
// record has its plan.
func (p *redis) planOf(instance *durable.Instance) (PlanSettings, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	to, moving := p.moving[instance.ResourceName()]
	switch {
	case !moving:
	case to.plan == instance.PlanID:
		delete(p.moving, instance.ResourceName())
	default:
		return to.settings, nil
	}
	return settingsOf(instance)
}

// prefixOf returns what begins the keys and channels of an instance.
func prefixOf(instance *durable.Instance) string {
	return credential.Identifier(instance.ResourceName()) + ":"
}

// labels describe the server in the metadata of an instance.
func (p *redis) labels(nodes fleet) *openbroker.InstanceMetadata {
	n := nodes.reference()
	labels := map[string]any{"engine": n.engine, "version": n.version, "host": p.endpoint.host}
	if n.cluster {
		labels["cluster"] = "true"
	}
	return &openbroker.InstanceMetadata{Labels: labels}
}

// silence is a logger of the driver that logs nothing.
type silence struct{}

// Printf implements the logger.
func (silence) Printf(context.Context, string, ...any) {}
