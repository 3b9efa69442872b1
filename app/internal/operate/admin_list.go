package operate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// listFlags are the flags of commands that list records.
type listFlags struct {
	*adminFlags
	format output.Flag
	all    bool
	limit  int
	after  string
}

// register adds the flags. after describes the value of --after.
func (f *listFlags) register(command *cobra.Command, after string, formats ...output.Format) {
	f.format.Add(command, formats...)
	set := command.Flags()
	set.IntVar(&f.limit, "limit", 100, "print at most `N` records")
	set.BoolVar(&f.all, "all", false, "print all records")
	set.StringVar(&f.after, "after", "", "continue after the `LAST` record of an earlier list, "+after)
}

// pages prints page after page. page gets a limit and returns the number of records;
// next returns the value of --after for the next page.
func (f *listFlags) pages(page func(limit int) (n int, err error), next func() string) error {
	const maxPage = 500
	for left := f.limit; f.all || left > 0; {
		limit := maxPage
		if !f.all {
			limit = min(left, maxPage)
		}
		n, err := page(limit)
		if errors.Is(err, durable.ErrNotFound) {
			return fmt.Errorf("the record of --after does not exist: start again without --after")
		}
		if err != nil || n < limit {
			return err
		}
		left -= n
	}
	err := f.stderr.Say("there may be more records: add --after %s, or --all", next())
	return err
}

func (f *listFlags) checkLimit() error {
	if f.limit < 1 {
		return fmt.Errorf("--limit %d is not positive", f.limit)
	}
	return nil
}

// The number of parts in the keys of instances and bindings.
const (
	instanceParts = 2
	bindingParts  = 3
)

// joinKey returns a key as a value of --after. Ids may contain slashes.
func joinKey(parts ...string) string {
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

func splitKey(text string, n int) ([]string, error) {
	parts := strings.Split(text, "/")
	for i := range parts {
		var err error
		if parts[i], err = url.PathUnescape(parts[i]); err != nil {
			return nil, fmt.Errorf("--after %q is not percent-encoded: %w", text, err)
		}
	}
	if len(parts) != n {
		return nil, fmt.Errorf("--after %q has %d parts between slashes; it needs %d", text, len(parts), n)
	}
	return parts, nil
}

// recordFlags are the flags that filter instances and bindings.
type recordFlags struct {
	listFlags
	filter        durable.Filter
	status        string
	service, plan string
}

func (f *recordFlags) register(command *cobra.Command, after string) {
	f.listFlags.register(command, after, output.Text, output.JSON, output.Name)
	set := command.Flags()
	set.StringVar(&f.filter.Platform, "platform", "", "only records of the `PLATFORM`")
	set.StringVar(&f.filter.InstanceID, "instance", "", "only records with the `INSTANCE_ID`")
	set.StringVar(&f.service, "service", "", "only records of the `SERVICE`, by id or name")
	set.StringVar(&f.plan, "plan", "", "only records of the `PLAN`, by id or name")
	set.StringVar(&f.status, "status", "", "only records with the `STATUS`: creating, ready, updating, deleting, create-failed or deleted")
}

// check parses the flags that are not free text.
func (f *recordFlags) check(parts int) error {
	if err := f.checkLimit(); err != nil {
		return err
	}
	f.filter.Status = durable.RecordStatus(strings.ReplaceAll(f.status, "-", " "))
	switch f.filter.Status {
	case "", durable.StatusCreating, durable.StatusReady, durable.StatusUpdating, durable.StatusDeleting, durable.StatusCreateFailed, durable.StatusDeleted:
	default:
		return fmt.Errorf("--status %q is unknown: use creating, ready, updating, deleting, create-failed or deleted", f.status)
	}
	if f.after == "" {
		return nil
	}
	key, err := splitKey(f.after, parts)
	if err == nil {
		key = append(key, "")
		f.filter.After = durable.Key{Platform: key[0], InstanceID: key[1], BindingID: key[2]}
	}
	return err
}

// moment formats a time for a table.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// resolve replaces names of services and plans by their ids.
func (f *recordFlags) resolve(catalog *openbroker.Catalog) {
	f.filter.ServiceID, f.filter.PlanID = f.service, f.plan
	for i := range catalog.Services {
		service := &catalog.Services[i]
		if service.Name == f.service {
			f.filter.ServiceID = service.ID
		}
		if f.service != "" && f.service != service.Name && f.service != service.ID {
			continue
		}
		for j := range service.Plans {
			if service.Plans[j].Name == f.plan {
				f.filter.PlanID = service.Plans[j].ID
			}
		}
	}
}

// name returns the name of a service or a plan, or its id if the catalog has no name.
func name(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

func newAdminInstances(flags *adminFlags) *cobra.Command {
	f := &recordFlags{listFlags: listFlags{adminFlags: flags}}
	command := &cobra.Command{
		Use: "instances", Aliases: []string{"list"}, Short: "List service instances", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return f.check(instanceParts) },
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			list := &output.List[admin.Instance]{
				Format: f.format.Format, Out: f.stdout,
				Titles: []string{"PLATFORM", "INSTANCE", "STATUS", "SERVICE", "PLAN", "CREATED", "UPDATED"},
				Row: func(v admin.Instance) []string {
					return []string{v.Platform, v.InstanceID, string(v.Status), name(v.ServiceName, v.ServiceID), name(v.PlanName, v.PlanID), moment(v.CreatedAt), moment(v.UpdatedAt)}
				},
				Name: func(v admin.Instance) string { return v.InstanceID },
			}
			return f.with(ctx, false, func(a *administration) error {
				f.resolve(a.catalog)
				return f.pages(func(limit int) (int, error) {
					f.filter.Limit = limit
					views, err := a.Instances(ctx, f.filter)
					if err != nil {
						return 0, err
					}
					if n := len(views); n > 0 {
						f.filter.After = views[n-1].Key
					}
					return len(views), list.Print(views)
				}, func() string { return joinKey(f.filter.After.Platform, f.filter.After.InstanceID) })
			})
		}),
	}
	f.register(command, "PLATFORM/INSTANCE_ID")
	return command
}

func newAdminBindings(flags *adminFlags) *cobra.Command {
	f := &recordFlags{listFlags: listFlags{adminFlags: flags}}
	command := &cobra.Command{
		Use: "bindings", Short: "List service bindings", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			return f.check(bindingParts)
		},
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			list := &output.List[admin.Binding]{
				Format: f.format.Format, Out: f.stdout,
				Titles: []string{"PLATFORM", "INSTANCE", "BINDING", "STATUS", "SERVICE", "PLAN", "EXPIRES", "CREATED", "UPDATED"},
				Row: func(v admin.Binding) []string {
					return []string{
						v.Platform, v.InstanceID, v.BindingID, string(v.Status), name(v.ServiceName, v.ServiceID), name(v.PlanName, v.PlanID),
						moment(v.ExpiresAt), moment(v.CreatedAt), moment(v.UpdatedAt),
					}
				},
				Name: func(v admin.Binding) string { return v.BindingID },
			}
			return f.with(ctx, false, func(a *administration) error {
				f.resolve(a.catalog)
				return f.pages(func(limit int) (int, error) {
					f.filter.Limit = limit
					views, err := a.Bindings(ctx, f.filter)
					if err != nil {
						return 0, err
					}
					if n := len(views); n > 0 {
						f.filter.After = views[n-1].Key
					}
					return len(views), list.Print(views)
				}, func() string {
					return joinKey(f.filter.After.Platform, f.filter.After.InstanceID, f.filter.After.BindingID)
				})
			})
		}),
	}
	f.register(command, "PLATFORM/INSTANCE_ID/BINDING_ID")
	command.Flags().StringVar(&f.filter.BindingID, "binding", "", "only records with the `BINDING_ID`")
	return command
}

// operationFlags are the flags that filter operations.
type operationFlags struct {
	listFlags
	filter      durable.Filter
	kind, state string
}

func (f *operationFlags) check() error {
	f.filter.Kind, f.filter.State, f.filter.AfterID = durable.OperationKind(f.kind), durable.OperationState(f.state), f.after
	switch f.filter.Kind {
	case "", durable.KindProvision, durable.KindUpdate, durable.KindDeprovision, durable.KindBind, durable.KindUnbind:
	default:
		return fmt.Errorf("--kind %q is unknown: use provision, update, deprovision, bind or unbind", f.kind)
	}
	switch f.filter.State {
	case "", durable.OperationActive, durable.OperationCancelling, durable.OperationSucceeded, durable.OperationFailed:
	default:
		return fmt.Errorf("--state %q is unknown: use active, cancelling, succeeded or failed", f.state)
	}
	return f.checkLimit()
}

func newAdminOperations(flags *adminFlags) *cobra.Command {
	f := &operationFlags{listFlags: listFlags{adminFlags: flags}}
	command := &cobra.Command{
		Use: "operations", Short: "List operations, newest first", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			list := &output.List[admin.Operation]{
				Format: f.format.Format, Out: f.stdout,
				Titles: []string{"OPERATION", "KIND", "STATE", "PLATFORM", "INSTANCE", "BINDING", "ATTEMPT", "OWNER", "CREATED", "DEADLINE", "DESCRIPTION"},
				Row: func(v admin.Operation) []string {
					kind := string(v.Kind)
					if v.Internal {
						kind += " (internal)"
					}
					return []string{
						v.ID, kind, string(v.State), v.Platform, v.InstanceID, v.BindingID, strconv.Itoa(v.Attempt), v.Owner,
						moment(v.CreatedAt), moment(v.Deadline), v.Description,
					}
				},
				Name: func(v admin.Operation) string { return v.ID },
			}
			return f.with(ctx, false, func(a *administration) error {
				return f.pages(func(limit int) (int, error) {
					f.filter.Limit = limit
					views, err := a.Operations(ctx, f.filter)
					if err != nil {
						return 0, err
					}
					if n := len(views); n > 0 {
						f.filter.AfterID = views[n-1].ID
					}
					return len(views), list.Print(views)
				}, func() string { return f.filter.AfterID })
			})
		}),
	}
	f.register(command, "by its OPERATION id", output.Text, output.JSON, output.Name)
	set := command.Flags()
	set.StringVar(&f.filter.Platform, "platform", "", "only records of the `PLATFORM`")
	set.StringVar(&f.filter.InstanceID, "instance", "", "only operations on the `INSTANCE_ID` and its bindings")
	set.StringVar(&f.filter.BindingID, "binding", "", "only operations on the `BINDING_ID`")
	set.StringVar(&f.kind, "kind", "", "only operations of the `KIND`: provision, update, deprovision, bind or unbind")
	set.StringVar(&f.state, "state", "", "only operations in the `STATE`: active, cancelling, succeeded or failed")
	return command
}
