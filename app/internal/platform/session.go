package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/client"
)

// A program is what all commands share.
type program struct {
	output.Streams
}

// Commands returns the commands of this package.
func Commands(streams output.Streams) []*cobra.Command {
	p := &program{streams}
	return []*cobra.Command{
		p.newTarget(), p.newCatalog(), p.newProvision(), p.newUpdate(), p.newUpgrade(), p.newDeprovision(),
		p.newInstance(), p.newInstances(), p.newBind(), p.newRotate(), p.newUnbind(), p.newBinding(), p.newOperation(),
		p.newLoad(),
	}
}

// A session connects one command with a broker.
type session struct {
	*program
	common *common
	target target
	client *client.Client
	file   document[record]
}

// common are the flags of all commands that call a broker.
type common struct {
	target         string
	requestTimeout time.Duration
	format         output.Flag
}

func (c *common) add(command *cobra.Command) {
	command.Flags().StringVar(&c.target, "target", "", "call the broker `NAME` (default the chosen one, see openbroker target)")
	command.Flags().DurationVar(&c.requestTimeout, "request-timeout", time.Minute, "time limit of one request")
	_ = command.RegisterFlagCompletionFunc("target", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return targetNames(), cobra.ShellCompDirectiveNoFileComp
	})
	addFormat(command, &c.format)
}

func (p *program) open(c *common) (*session, error) {
	t, err := choose(c.target)
	if err != nil {
		return nil, err
	}
	if c.requestTimeout <= 0 {
		return nil, usage("--request-timeout must be positive")
	}
	broker, err := t.connect(client.WithRequestTimeout(c.requestTimeout))
	if err != nil {
		return nil, err
	}
	file, err := t.recordFile()
	if err != nil {
		return nil, err
	}
	return &session{program: p, common: c, target: t, client: broker, file: file}, nil
}

// with returns the RunE of a command, which opens a session for work.
func (p *program) with(c *common, work func(context.Context, *session, []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		s, err := p.open(c)
		if err != nil {
			return err
		}
		ctx, stop := interruptible(command.Context())
		defer stop()
		return ended(ctx, work(ctx, s, args))
	}
}

// catalog fetches the catalog, and stores it for completion.
func (s *session) catalog(ctx context.Context) (*openbroker.Catalog, error) {
	catalog, err := s.client.Catalog(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	if encoded, err := json.Marshal(catalog); err == nil && os.MkdirAll(filepath.Dir(s.catalogFile()), 0o700) == nil {
		// Without the file, completion fetches the catalog.
		_ = replace(s.catalogFile(), encoded)
	}
	return catalog, nil
}

func (s *session) catalogFile() string { return strings.TrimSuffix(s.file.path, ".json") + ".catalog" }

// explain adds a hint to an error of the broker.
func (s *session) explain(err error) error { return refused(err, s.advice(err)) }

// service finds a service by its name or id.
func service(catalog *openbroker.Catalog, name string) (*openbroker.Service, error) {
	for i := range catalog.Services {
		if service := &catalog.Services[i]; service.Name == name || service.ID == name {
			return service, nil
		}
	}
	if len(catalog.Services) == 0 {
		return nil, usage("the broker offers no service")
	}
	var names []string
	for i := range catalog.Services {
		names = append(names, catalog.Services[i].Name)
	}
	return nil, usage("the broker has no service %q; it has: %s", name, strings.Join(names, ", "))
}

func plan(service *openbroker.Service, name string) (*openbroker.Plan, error) {
	for i := range service.Plans {
		if plan := &service.Plans[i]; plan.Name == name || plan.ID == name {
			return plan, nil
		}
	}
	var names []string
	for i := range service.Plans {
		names = append(names, service.Plans[i].Name)
	}
	return nil, usage("the service %q has no plan %q; it has: %s", service.Name, name, strings.Join(names, ", "))
}

// planOf returns the service and plan of an instance, or nil for one that the catalog no
// longer has.
func planOf(catalog *openbroker.Catalog, i instance) (*openbroker.Service, *openbroker.Plan) {
	service := catalog.Service(i.ServiceID)
	if service == nil {
		return nil, nil
	}
	return service, service.Plan(i.PlanID)
}

// organizationAndSpace returns the organization and space to send.
func (s *session) organizationAndSpace() (organization, space string) {
	const unknown = "openbroker-cli"
	organization, space = s.target.Organization, s.target.Space
	if organization == "" {
		organization = unknown
	}
	if space == "" {
		space = unknown
	}
	return organization, space
}

// commandLine returns a command line for the same target, for hints.
func (s *session) commandLine(format string, args ...any) string {
	command := "openbroker " + fmt.Sprintf(format, args...)
	if s.common.target != "" {
		command += " --target " + quote(s.common.target)
	}
	return command
}

// quote quotes an argument for a shell, if necessary.
func quote(argument string) string {
	if argument != "" && !strings.ContainsFunc(argument, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:@%+=,", r)
	}) {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}
