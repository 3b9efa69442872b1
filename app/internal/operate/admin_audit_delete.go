package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
)

func newAdminAuditPrune(flags *adminFlags) *cobra.Command {
	f := &interveneFlags{adminFlags: flags}
	var before string
	var moment time.Time
	command := &cobra.Command{
		Use: "prune", Short: "Delete old entries of the audit trail", Args: cobra.NoArgs,
		Long: `Delete the entries from before a moment. A new entry seals what was deleted: it has the
last hash of each chain, from where admin audit verify begins, and how many entries there
were. Export them first if you must keep them.

The entries of operations that the store still has stay, such as who created an instance
that exists.`,
		Example: `  openbroker admin audit prune --before 8760h --reason "kept for a year"`,
		PreRunE: func(*cobra.Command, []string) (err error) {
			if before == "" {
				return errors.New("--before is missing: say how old the oldest entries may be, such as 8760h for a year")
			}
			if moment, err = momentOf("--before", before); err != nil {
				return err
			}
			if moment.After(time.Now()) {
				return fmt.Errorf("--before %s is in the future: all entries are from before it", before)
			}
			return f.by.complete(true)
		},
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			return f.with(ctx, false, func(a *administration) error {
				pruned, err := a.PruneAudit(ctx, moment, f.by.Attribution)
				if err != nil {
					return err
				}
				result := output.Result{Value: map[string]int{"entries": pruned}, Text: fmt.Sprintf("deleted %d entries\n", pruned)}
				return result.Print(f.stdout, f.format.Format)
			})
		}),
	}
	command.Flags().StringVar(&before, "before", "", "delete the entries from before a `MOMENT`: 8760h ago, or a time such as 2026-01-01 (required)")
	f.by.add(command, "the reason, for the audit trail (required)")
	f.format.Add(command, output.Text, output.JSON)
	return command
}

func newAdminAuditErase(flags *adminFlags) *cobra.Command {
	f := &interveneFlags{adminFlags: flags}
	command := &cobra.Command{
		Use: "erase NAME", Short: "Erase a name from the audit trail", Args: cobra.ExactArgs(1),
		Long: `Erase a name from the audit trail, for example because a person asks for it. Entries
whose actor or user has the name or the id lose all their names: actor, user and address.
What was done stays, and the chains stay intact, because they cover only a salted hash of
the names. The act has an entry of its own, without the name.

Copies elsewhere stay: the file of audit.file, logs and backups.`,
		Example: `  openbroker admin audit erase ada@example.com --reason "GDPR-17: request of 2026-11-30"`,
		PreRunE: func(*cobra.Command, []string) error { return f.by.complete(true) },
		RunE: exit.RunE(func(ctx context.Context, args []string) error {
			return f.with(ctx, false, func(a *administration) error {
				erased, err := a.EraseNames(ctx, args[0], f.by.Attribution)
				if err != nil {
					return err
				}
				result := output.Result{Value: map[string]int{"entries": erased}, Text: fmt.Sprintf("erased the names of %d entries\n", erased)}
				return result.Print(f.stdout, f.format.Format)
			})
		}),
	}
	f.by.add(command, "the reason, for the audit trail (required)")
	f.format.Add(command, output.Text, output.JSON)
	return command
}
