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
	// Orphan is "record" or "resource": the one of the two that exists.
	Orphan     string `json:"orphan"`
	Resource   string `json:"resource"`
	Platform   string `json:"platform,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
}

func newAdminOrphans(flags *adminFlags) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Use: "orphans", Short: "List records without a resource, and resources without a record", Args: cobra.NoArgs,
		Long: `Compare the records of the store with the resources of the provider. An orphan record
is ready, but its resource is missing. An orphan resource has no record. Instances that
changed in the last minute are left out.

Forget an orphan record, or deprovision it through the platform. Delete an orphan
resource with the tools of the provider.`,
		RunE: runE(func(ctx context.Context, _ []string) error {
			return flags.with(ctx, false, func(a *administration) error {
				provider, err := newProvider(a.settings, a.data)
				if err != nil {
					return err
				}
				lister, ok := provider.(durable.ResourceLister)
				if !ok {
					return errors.New("the provider cannot list its resources, so orphans cannot be found")
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
