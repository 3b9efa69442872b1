package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// interveneFlags are the flags of commands that change something.
type interveneFlags struct {
	*adminFlags
	by                 attribution
	platform, instance string
	format             output.Flag
}

// newIntervention returns a command that calls work for each id.
func newIntervention(flags *adminFlags, use, short, long string, work func(context.Context, *administration, admin.Target, admin.Attribution) (*admin.AuditEntry, error)) *cobra.Command {
	f := &interveneFlags{adminFlags: flags}
	command := &cobra.Command{
		Use: use + " ID...", Short: short, Args: cobra.MinimumNArgs(1),
		Long: short + ".\n\n" + long + `

An ID names an operation, a service instance or a service binding. The audit trail
records who did it and why, see openbroker admin audit.`,
		PreRunE: func(*cobra.Command, []string) error { return f.by.complete(true) },
		RunE: exit.RunE(func(ctx context.Context, ids []string) error {
			return f.with(ctx, true, func(a *administration) error {
				var failed []error
				for _, id := range ids {
					if err := f.intervene(ctx, a, id, work); err != nil {
						failed = append(failed, fmt.Errorf("%s: %w", id, err))
					}
				}
				return joinLines(failed)
			})
		}),
	}
	f.by.add(command, "the reason, for the audit trail; after cancel and fail, users of the platform read it (required)")
	set := command.Flags()
	set.StringVar(&f.platform, "platform", "", "the `PLATFORM` of ids that are not unique")
	set.StringVar(&f.instance, "instance", "", "the `INSTANCE_ID` of bindings whose ids are not unique")
	f.format.Add(command, output.Text, output.JSON)
	return command
}

func (f *interveneFlags) intervene(ctx context.Context, a *administration, id string, work func(context.Context, *administration, admin.Target, admin.Attribution) (*admin.AuditEntry, error)) error {
	target, err := a.Find(ctx, id, f.platform, f.instance)
	if err != nil {
		return err
	}
	entry, err := work(ctx, a, target, f.by.Attribution)
	if err != nil {
		return err
	}
	if f.format.Format == output.JSON {
		return output.WriteLine(f.stdout, entry)
	}
	_, err = fmt.Fprintln(f.stdout, describeEntry(entry))
	return err
}

// describeEntry describes an intervention in one line.
func describeEntry(e *admin.AuditEntry) string {
	var text strings.Builder
	what := "instance " + output.Cell(e.InstanceID)
	if e.BindingID != "" {
		what = "binding " + output.Cell(e.BindingID)
	}
	fmt.Fprintf(&text, "%s %s:", e.Action, what)
	switch {
	case e.Action == admin.ActionForget:
		fmt.Fprintf(&text, " forgotten, was %s", e.StatusBefore)
		return text.String()
	case e.StateBefore != e.StateAfter:
		fmt.Fprintf(&text, " operation %s was %s, is %s;", e.OperationID, e.StateBefore, e.StateAfter)
	case e.BegunID == "":
		fmt.Fprintf(&text, " operation %s is due now;", e.OperationID)
	}
	if e.StatusBefore != e.StatusAfter {
		fmt.Fprintf(&text, " the %s was %s, is %s;", strings.Fields(what)[0], e.StatusBefore, e.StatusAfter)
	}
	if e.BegunID != "" {
		fmt.Fprintf(&text, " operation %s deletes it;", e.BegunID)
	}
	return strings.TrimSuffix(text.String(), ";")
}

// joinLines joins errors into one line.
func joinLines(failed []error) error {
	if len(failed) < 2 { //nolint:mnd // One error needs no joining.
		return errors.Join(failed...)
	}
	texts := make([]string, len(failed))
	for i := range failed {
		texts[i] = failed[i].Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

func newAdminRetry(flags *adminFlags) *cobra.Command {
	return newIntervention(flags, "retry", "Make an operation due now, or repeat a failed deletion",
		`An active operation becomes due now: its worker loses it, its failed attempts no
longer count, and its deadline starts anew. If the creation of an instance or
binding, or its deletion, has failed, a new deletion begins.`,
		func(ctx context.Context, a *administration, t admin.Target, by admin.Attribution) (*admin.AuditEntry, error) {
			return a.Retry(ctx, t, by)
		})
}

func newAdminCancel(flags *adminFlags) *cobra.Command {
	return newIntervention(flags, "cancel", "Cancel an operation, and wait for its worker to stop",
		`The operation fails as soon as its worker has stopped. The engine cleans up after a
creation, unless the policy of the plan says manual. After another operation, the
instance or binding is as it was before.`,
		func(ctx context.Context, a *administration, t admin.Target, by admin.Attribution) (*admin.AuditEntry, error) {
			return a.Cancel(ctx, t, by)
		})
}

func newAdminFail(flags *adminFlags) *cobra.Command {
	keep := false
	command := newIntervention(flags, "fail", "End an operation now, as failed",
		`The operation fails immediately, even if it is being cancelled and does not stop. The
broker ignores what its worker still does. Prefer cancel, which waits for the worker.
The engine cleans up after a creation when the lease of the worker is over.`,
		func(ctx context.Context, a *administration, t admin.Target, by admin.Attribution) (*admin.AuditEntry, error) {
			cleanup := durable.Cleanup("")
			if keep {
				cleanup = durable.CleanupManual
			}
			return a.Fail(ctx, t, by, cleanup)
		})
	command.Flags().BoolVar(&keep, "no-cleanup", false, "keep what a creation has left, for inspection")
	return command
}

func newAdminForget(flags *adminFlags) *cobra.Command {
	return newIntervention(flags, "forget", "Delete only the record of an instance or binding",
		`The record is deleted, with those of the bindings of an instance and of their
operations. The provider is not called: its resource stays, and the platform may
still list the instance. Use it if you know that the resource is gone.`,
		func(ctx context.Context, a *administration, t admin.Target, by admin.Attribution) (*admin.AuditEntry, error) {
			return a.Forget(ctx, t, by)
		})
}
