package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// auditFlags are the flags of admin audit.
type auditFlags struct {
	listFlags
	filter       admin.AuditFilter
	actions      []string
	outcome      string
	since, until string
	follow       bool
	interval     time.Duration
}

// actionNames are the values of --action, which have no spaces.
func actionNames() []string {
	var names []string
	for _, action := range audit.Actions() {
		names = append(names, strings.ReplaceAll(string(action), " ", "-"))
	}
	return names
}

func (f *auditFlags) check() (err error) {
	for _, name := range f.actions {
		if !slices.Contains(actionNames(), name) {
			return fmt.Errorf("--action %q is unknown: use %s", name, strings.Join(actionNames(), ", "))
		}
		f.filter.Actions = append(f.filter.Actions, admin.Action(strings.ReplaceAll(name, "-", " ")))
	}
	f.filter.Outcome = audit.Outcome(f.outcome)
	switch f.filter.Outcome {
	case "", audit.OutcomeAccepted, audit.OutcomeRefused, audit.OutcomeRepeated, audit.OutcomeDone:
	default:
		return fmt.Errorf("--outcome %q is unknown: use accepted, refused, repeated or done", f.outcome)
	}
	if f.filter.Since, err = momentOf("--since", f.since); err != nil {
		return err
	}
	if f.filter.Until, err = momentOf("--until", f.until); err != nil {
		return err
	}
	if f.follow && (f.after != "" || f.all || f.until != "") {
		return errors.New("--follow prints what is added from now on: leave out --after, --all and --until")
	}
	if f.interval < 100*time.Millisecond {
		return fmt.Errorf("--interval %v is too short: it must be at least 100ms", f.interval)
	}
	f.filter.Before = f.after
	return f.checkLimit()
}

// momentOf parses a moment, or how long ago it was.
func momentOf(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		if ago < 0 {
			return time.Time{}, fmt.Errorf("%s %s is in the future: write how long ago it was without a sign, such as %v", flag, text, -ago)
		}
		return time.Now().Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is no moment: write how long ago it was, such as 90m or 24h, or a time such as 2026-11-30 or 2026-11-30T08:00:00Z", flag, text)
}

func newAdminAudit(flags *adminFlags) *cobra.Command {
	f := &auditFlags{listFlags: listFlags{adminFlags: flags}}
	command := &cobra.Command{
		Use: "audit", Short: "List who did what, newest first", Args: cobra.NoArgs,
		Long: `List the audit trail, newest first: what platforms requested, and whether it was
accepted; who read credentials; failed logins; and what operators did. --follow prints
new entries until Ctrl-C, oldest first.

Entries have neither parameters nor credentials.`,
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			return f.with(ctx, false, func(a *administration) error {
				if f.follow {
					return f.tail(ctx, a)
				}
				return f.print(ctx, a)
			})
		}),
	}
	f.register(command, "by its ID", output.Text, output.JSON, output.CSV)
	set := command.Flags()
	set.StringVar(&f.filter.Platform, "platform", "", "only entries of the `PLATFORM`")
	set.StringVar(&f.filter.InstanceID, "instance", "", "only entries of the `INSTANCE_ID` and its bindings")
	set.StringVar(&f.filter.BindingID, "binding", "", "only entries of the `BINDING_ID`")
	set.StringVar(&f.filter.OperationID, "operation", "", "only entries of the `OPERATION`")
	set.StringVar(&f.filter.Actor, "actor", "", "only entries of the `ACTOR`: a principal of a platform, or an operator")
	set.StringSliceVar(&f.actions, "action", nil, "only entries of the `ACTIONS`: "+strings.Join(actionNames(), ", "))
	set.StringVar(&f.outcome, "outcome", "", "only entries with the `OUTCOME`: accepted, refused, repeated or done")
	set.StringVar(&f.since, "since", "", "only entries since a `MOMENT`: 90m or 24h ago, or a time such as 2026-11-30T08:00:00Z")
	set.StringVar(&f.until, "until", "", "only entries before a `MOMENT`")
	set.BoolVar(&f.follow, "follow", false, "print new entries until Ctrl-C")
	set.DurationVar(&f.interval, "interval", time.Second, "how often --follow looks for entries")
	command.AddCommand(newAdminAuditVerify(flags), newAdminAuditErase(flags), newAdminAuditPrune(flags))
	return command
}

// list prints entries.
func (f *auditFlags) list() *output.List[admin.AuditEntry] {
	return &output.List[admin.AuditEntry]{
		Format: f.format.Format, Out: f.stdout,
		Titles: []string{"ID", "TIME", "ACTOR", "USER", "ACTION", "OUTCOME", "PLATFORM", "INSTANCE", "BINDING", "OPERATION", "CHANGE", "REASON"},
		Row: func(v admin.AuditEntry) []string {
			operation := v.OperationID
			if operation == "" {
				operation = v.BegunID
			}
			return []string{
				v.ID, moment(v.At), v.Actor, userOf(v), string(v.Action), outcomeOf(v), v.Platform, v.InstanceID, v.BindingID, operation, changeOf(v), v.Reason,
			}
		},
	}
}

func userOf(v admin.AuditEntry) string {
	switch {
	case v.NamesErased:
		return "(erased)"
	case v.User == nil:
		return v.Address
	case v.User.Name != "":
		return v.User.Name
	default:
		return v.User.ID
	}
}

// outcomeOf returns the outcome, with the error of a refusal.
func outcomeOf(v admin.AuditEntry) string {
	text := string(v.Outcome)
	if v.Status != 0 {
		text += " " + strconv.Itoa(v.Status)
	}
	if v.Error != "" {
		text += " " + v.Error
	}
	if v.Count > 1 {
		text += fmt.Sprintf(" (%d times)", v.Count)
	}
	return text
}

// changeOf describes what an intervention changed.
func changeOf(v admin.AuditEntry) string {
	var changes []string
	for _, c := range [][2]string{{string(v.StatusBefore), string(v.StatusAfter)}, {string(v.StateBefore), string(v.StateAfter)}} {
		if c[0] != c[1] {
			changes = append(changes, c[0]+" > "+output.Cell(c[1]))
		}
	}
	return strings.Join(changes, ", ")
}

func (f *auditFlags) print(ctx context.Context, a *administration) error {
	list := f.list()
	return f.pages(func(limit int) (int, error) {
		f.filter.Limit = limit
		entries, err := a.AuditTrail(ctx, f.filter)
		if err != nil {
			return 0, err
		}
		if n := len(entries); n > 0 {
			f.filter.Before = entries[n-1].ID
		}
		return len(entries), list.Print(entries)
	}, func() string { return f.filter.Before })
}

// overlap is how far back tail looks again: a transaction can end later than another one
// whose entries have greater ids, and the clocks of replicas differ.
const overlap = time.Minute

// tail prints new entries until ctx ends.
func (f *auditFlags) tail(ctx context.Context, a *administration) error {
	list, begun := f.list(), time.Now()
	if !f.filter.Since.IsZero() {
		begun = f.filter.Since
	}
	printed := map[string]bool{}
	look := time.NewTicker(f.interval)
	defer look.Stop()
	for first := true; ; first = false {
		since := time.Now().Add(-overlap)
		if first || since.Before(begun) {
			since = begun
		}
		fresh, err := f.fresh(ctx, a, since, printed)
		if err != nil {
			return err
		}
		if len(fresh) > 0 || first {
			if err := list.Print(fresh); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// fresh returns the entries since a moment that are not in printed, oldest first, and
// adds them to it. It forgets earlier ones.
func (f *auditFlags) fresh(ctx context.Context, a *administration, since time.Time, printed map[string]bool) ([]admin.AuditEntry, error) {
	filter := f.filter
	filter.Since, filter.Limit = since, 500
	var fresh []admin.AuditEntry
	for {
		entries, err := a.AuditTrail(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !printed[e.ID] {
				printed[e.ID] = true
				fresh = append(fresh, e)
			}
		}
		if len(entries) < filter.Limit {
			break
		}
		filter.Before = entries[len(entries)-1].ID
	}
	oldest := audit.IDAt(since)
	for id := range printed {
		if id < oldest {
			delete(printed, id)
		}
	}
	slices.Reverse(fresh)
	return fresh, nil
}
