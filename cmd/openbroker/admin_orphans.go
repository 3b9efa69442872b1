package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/cmd/openbroker/output"
	"github.com/openbroker/openbroker/durable"
)

// An orphan is a line of the list: an instance or a resource.
type orphan struct {
	// Orphan is "record" or "resource": which of the two there is.
	Orphan     string `json:"orphan"`
	Resource   string `json:"resource"`
	Platform   string `json:"platform,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
}

func newAdminOrphans(flags *adminFlags) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Use: "orphans", Short: "List records without a resource, and resources without a record", Args: cobra.NoArgs,
		Long: `Compare the store with what the provider has. A record is an orphan if it is ready
and its resource is missing; a resource, if no record stands for it. What something
was done with in the last minute is left out.

Forget an orphan record, or deprovision it through the platform. An orphan resource
can only be deleted by the means of the provider.`,
		RunE: does(func(ctx context.Context, _ []string) error {
			return flags.with(ctx, false, func(a *administration) error {
				provider, err := newProvider(a.settings, a.data)
				if err != nil {
					return err
				}
				lister, ok := provider.(durable.ResourceLister)
				if !ok {
					return errors.New("the provider cannot list what it has, so orphans cannot be found")
				}
				found, err := a.Orphans(ctx, lister)
				if err != nil {
					return err
				}
				var orphans []orphan
				for _, record := range found.Records {
					name := durable.Instance{Platform: record.Platform, ID: record.InstanceID}.ResourceName()
					orphans = append(orphans, orphan{"record", name, record.Platform, record.InstanceID})
				}
				for _, resource := range found.Resources {
					orphans = append(orphans, orphan{"resource", resource.Name, resource.Platform, resource.InstanceID})
				}
				list := &output.List[orphan]{
					Format: format.Format, Out: flags.stdout, Titles: []string{"ORPHAN", "RESOURCE", "PLATFORM", "INSTANCE"},
					Row: func(o orphan) []string { return []string{o.Orphan, o.Resource, o.Platform, o.InstanceID} },
				}
				return list.Print(orphans)
			})
		}),
	}
	format.Add(command, output.Text, output.JSON)
	return command
}
