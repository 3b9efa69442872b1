package redis

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// definitionName is the name of Definition, and the key of the settings of plans.
const definitionName = "redis"

// Settings are those of the configuration.
type Settings struct {
	URL         provider.URL      `yaml:"url" required:"true" doc:"address and account of the server, redis://USER:PASSWORD@HOST:PORT or rediss:// with TLS"`
	Nodes       []string          `yaml:"nodes" doc:"further addresses, HOST:PORT, at which the primary or the cluster can be found when that of url is away"`
	Discover    bool              `yaml:"discover" default:"true" doc:"whether replicas and nodes of the cluster are found by asking the server; if not, they are those of url and nodes"`
	TLS         transport.TLS     `yaml:"tls" doc:"verification of the server, for rediss://"`
	Host        string            `yaml:"host" doc:"host that applications connect to; that of url by default"`
	Port        int               `yaml:"port" min:"1" max:"65535" doc:"port that applications connect to; that of url by default"`
	Connections int               `yaml:"connections" min:"1" max:"100" default:"4" doc:"maximum number of connections to each node; one stays open"`
	Check       provider.Duration `yaml:"check_interval" default:"15s" doc:"how often the provider looks whether a node has lost users, at least 100ms"`
}

// The isolations of plans.
const (
	// isolationPrefix gives an instance a prefix of keys and channels.
	isolationPrefix = "prefix"
	// isolationDatabase gives an instance a logical database.
	isolationDatabase = "database"
)

// PlanSettings are those of plans.
type PlanSettings struct {
	Isolation string   `yaml:"isolation" enum:"prefix,database" default:"prefix" doc:"what an instance is: a prefix of keys and channels, or a logical database"`
	Scripts   bool     `yaml:"scripts" default:"false" doc:"whether bindings may run Lua scripts; an endless script stops the server for everybody"`
	MemoryMB  int      `yaml:"memory_mb" min:"0" max:"1073741824" default:"0" doc:"memory in MiB that an instance counts for: the sum over all instances must not exceed maxmemory of the server; 0 counts for nothing"`
	Commands  []string `yaml:"commands" doc:"further commands that bindings may run, such as client|list, or categories of a module, such as @json"`
}

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    definitionName,
	Doc:     "key prefixes or logical databases on Redis or Valkey",
	Catalog: catalogYAML,
	New: func(ctx context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		return newProvider(ctx, settings, host.Logger)
	},
	Check: func(settings Settings) error {
		_, err := newDialer(settings)
		return err
	},
	CheckPlan: func(_ *openbroker.Service, _ *openbroker.Plan, settings PlanSettings) error {
		return checkCommands(settings.Commands)
	},
})

var commandForm = regexp.MustCompile(`^(@[a-z0-9_-]+|[a-z0-9_.-]+(\|[a-z0-9_.-]+)?)$`)

// forbidden are commands that no plan can have: they reach all instances, or more. A
// subcommand of CONFIG, such as config|get, is as forbidden as CONFIG.
var forbidden = []string{
	"@all", "@admin", "@dangerous", "@keyspace", "@connection", "@scripting", "@read", "@write", "@fast", "@slow", "@blocking",
	"acl", "bgrewriteaof", "bgsave", "client", "client|kill", "client|pause", "client|tracking", "client|unblock", "cluster", "config", "copy", "debug", "eval", "eval_ro", "evalsha", "evalsha_ro", "failover", "fcall", "fcall_ro", "flushall", "flushdb", "function",
	"migrate", "module", "monitor", "move", "pfdebug", "psync", "replconf", "replicaof", "restore-asking", "save", "script",
	"select", "shutdown", "slaveof", "slowlog", "swapdb", "sync",
}

// checkCommands returns why a plan cannot have further commands.
func checkCommands(commands []string) error {
	for _, command := range commands {
		container, _, _ := strings.Cut(command, "|")
		var err error
		switch {
		case !commandForm.MatchString(command):
			err = fmt.Errorf("has %.80q, which is no command: write it in lower case, such as client|list or @json", command)
		case slices.Contains(forbidden, container) && container != "client" || slices.Contains(forbidden, command):
			err = fmt.Errorf("has %q, with which a binding could reach other instances or the server: remove it", command)
			if strings.HasPrefix(container, "eval") || container == "script" {
				err = errors.New("has " + command + ": set scripts: true instead")
			}
		}
		if err != nil {
			return &provider.FieldError{Field: "commands", Err: err}
		}
	}
	return nil
}
