package operate

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// An orphan is a line of the list: an instance or a resource.
type orphan struct {
	// Orphan is "record" or "resource": the one of the two that exists.
	Orphan     string `json:"orphan"`
	Resource   string `json:"resource"`
	Platform   string `json:"platform,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
	// Provider is the name of the provider, if there are several.
	Provider string `json:"provider,omitempty"`
}

func newAdminOrphans(flags *adminFlags) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Use: "orphans", Short: "List records without a resource, and resources without a record", Args: cobra.NoArgs,
		Long: `Compare the records of the store with the resources of the providers. An orphan record
is ready, but its resource is missing. An orphan resource has no record. Instances that
changed in the last minute are left out.

Forget an orphan record, or deprovision it through the platform. Delete an orphan
resource with the tools of the provider.`,
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			settings, err := flags.Read(config.LoadForStore)
			if err != nil {
				return err
			}
			if err := errors.Join(settings.Unresolved("provider"), settings.Unresolved("providers")); err != nil {
				return err
			}
			// Records have the name of their provider encrypted.
			several := len(settings.Providers) > 1
			return flags.with(ctx, several, func(a *administration) error {
				providers, err := setup.StartProviders(ctx, a.settings, slog.New(slog.DiscardHandler))
				if err != nil {
					return err
				}
				defer func() { _ = providers.Close() }() // The command ends with the answer.
				can, cannot := providers.Listers()
				if len(can) == 0 {
					return errors.New("the provider cannot list its resources, so orphans cannot be found")
				}
				for _, name := range cannot {
					flags.stderr.Complain("the provider %s cannot list its resources: its orphans are left out", name)
				}
				var orphans []orphan
				for _, name := range can {
					found, err := orphansOf(ctx, a, providers, name, several)
					if err != nil {
						return err
					}
					orphans = append(orphans, found...)
				}
				return printOrphans(orphans, flags.stdout, format.Format, several)
			})
		}),
	}
	format.Add(command, output.Text, output.JSON)
	return command
}

// orphansOf returns the orphans of one provider. several says that it is one of several.
func orphansOf(ctx context.Context, a *administration, providers *provider.Dispatcher, name string, several bool) ([]orphan, error) {
	lister, _ := providers.Lister(name)
	var found *admin.Orphans
	var err error
	if !several {
		name = "" // Its name says nothing.
		found, err = a.Orphans(ctx, lister)
	} else {
		found, err = a.OrphansOf(ctx, lister, func(instance durable.Instance) (bool, error) {
			owner, err := providers.ProviderOf(instance)
			return err == nil && owner == name, nil
		})
	}
	if err != nil {
		return nil, err
	}
	var orphans []orphan
	for _, record := range found.Records {
		resource := durable.Instance{Platform: record.Platform, ID: record.InstanceID}.ResourceName()
		orphans = append(orphans, orphan{"record", resource, record.Platform, record.InstanceID, name})
	}
	for _, resource := range found.Resources {
		orphans = append(orphans, orphan{"resource", resource.Name, resource.Platform, resource.InstanceID, name})
	}
	return orphans, nil
}

func printOrphans(orphans []orphan, out io.Writer, format output.Format, several bool) error {
	list := &output.List[orphan]{
		Format: format, Out: out, Titles: []string{"ORPHAN", "RESOURCE", "PLATFORM", "INSTANCE"},
		Row: func(o orphan) []string { return []string{o.Orphan, o.Resource, o.Platform, o.InstanceID} },
	}
	if several {
		list.Titles = append(list.Titles, "PROVIDER")
		row := list.Row
		list.Row = func(o orphan) []string { return append(row(o), o.Provider) }
	}
	return list.Print(orphans)
}
