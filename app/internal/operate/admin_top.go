package operate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// topFew is how many records of each kind are listed.
const topFew = 5

// The control sequences of a terminal that show another screen, and the former one again.
const (
	otherScreen  = "\x1b[?1049h\x1b[?25l"
	formerScreen = "\x1b[?25h\x1b[?1049l"
	home         = "\x1b[H"
	clearLine    = "\x1b[K\n"
	clearRest    = "\x1b[J"
)

// topFlags are the flags of admin top.
type topFlags struct {
	*adminFlags
	format   output.Flag
	once     bool
	interval time.Duration
}

func newAdminTop(flags *adminFlags) *cobra.Command {
	f := &topFlags{adminFlags: flags}
	command := &cobra.Command{
		Use: "top", Short: "Show what needs attention, refreshed", Args: cobra.NoArgs,
		Long: `Show what needs attention: operations that are stuck, have failed or are retrying,
and instances that a failed creation left behind; then how many operations and
instances there are, and which replicas work. It is the overview of the console.

On a terminal it refreshes until Ctrl-C. Otherwise, and with --once, it prints once.`,
		PreRunE: func(*cobra.Command, []string) error {
			if f.interval < 100*time.Millisecond {
				return fmt.Errorf("--interval %v is too short: it must be at least 100ms", f.interval)
			}
			return nil
		},
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			return f.with(ctx, false, func(a *administration) error { return f.run(ctx, a.Admin) })
		}),
	}
	f.format.Add(command, output.Text, output.JSON)
	command.Flags().BoolVar(&f.once, "once", false, "print once, without control sequences")
	command.Flags().DurationVar(&f.interval, "interval", 2*time.Second, "refresh after this `DURATION`")
	return command
}

func (f *topFlags) run(ctx context.Context, a *admin.Admin) error {
	if f.once || f.format.Format == output.JSON || !output.IsTerminal(f.stdout) {
		o, err := readOverview(ctx, a)
		if err != nil {
			return err
		}
		if f.format.Format == output.JSON {
			return output.WriteJSON(f.stdout, o)
		}
		return o.print(f.stdout)
	}
	ctx, stop := exit.Interruptible(ctx, nil)
	defer stop()
	return f.refresh(ctx, a)
}

// refresh shows the overview on the other screen of the terminal until ctx ends.
func (f *topFlags) refresh(ctx context.Context, a *admin.Admin) (err error) {
	if _, err := io.WriteString(f.stdout, otherScreen); err != nil {
		return err
	}
	defer func() {
		_, failed := io.WriteString(f.stdout, formerScreen)
		err = errors.Join(err, failed)
	}()
	ticker := time.NewTicker(f.interval)
	defer ticker.Stop()
	for {
		var text bytes.Buffer
		o, err := readOverview(ctx, a)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil: // The store may come back.
			fmt.Fprintf(&text, "The store cannot be read: %s\n", output.Printable(exit.OneLine(err)))
		default:
			if err := o.print(&text); err != nil {
				return err
			}
		}
		if err := draw(f.stdout, text.String()); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// draw replaces the screen by a text. What does not fit is cut off.
func draw(w io.Writer, text string) error {
	width, height := 80, 24
	if file, isFile := w.(*os.File); isFile {
		if columns, rows, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 && rows > 0 {
			width, height = columns, rows
		}
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var screen strings.Builder
	screen.WriteString(home)
	for _, line := range lines[:min(len(lines), max(height-1, 0))] {
		screen.WriteString(runewidth.Truncate(line, width, "…") + clearLine)
	}
	screen.WriteString(clearRest)
	_, err := io.WriteString(w, screen.String())
	return err
}

// An overview is what needs attention, and what there is.
type overview struct {
	*admin.Summary

	StuckOperations    []admin.Operation `json:"stuck_operations,omitempty"`
	FailedOperations   []admin.Operation `json:"failed_operations,omitempty"`
	RetryingOperations []admin.Operation `json:"retrying_operations,omitempty"`
	LeftBehind         []admin.Instance  `json:"left_behind,omitempty"`
}

func readOverview(ctx context.Context, a *admin.Admin) (*overview, error) {
	o := &overview{}
	var problems [5]error
	o.Summary, problems[0] = a.Summary(ctx)
	o.StuckOperations, problems[1] = a.Stuck(ctx, topFew)
	o.FailedOperations, problems[2] = a.Failed(ctx, topFew)
	o.RetryingOperations, problems[3] = a.Retrying(ctx, topFew)
	o.LeftBehind, problems[4] = a.LeftBehind(ctx, topFew)
	return o, cmp.Or(problems[:]...)
}

// print writes the overview as text.
func (o *overview) print(w io.Writer) error {
	left := o.Instances[durable.StatusCreateFailed]
	var text strings.Builder
	fmt.Fprintf(&text, "As of       %s\n", moment(o.Now))
	fmt.Fprintf(&text, "Attention   %s stuck, %s failed in the last 24 h, %s retrying, %s left behind\n", admin.FormatCount(o.Stuck), admin.FormatCount(o.Failed),
		admin.FormatCount(o.Retrying), admin.FormatCount(left))
	fmt.Fprintf(&text, "Operations  %s open, %s with a worker, %s being cancelled", admin.FormatCount(o.Open), admin.FormatCount(o.Running), admin.FormatCount(o.Cancelling))
	if !o.OldestOpen.IsZero() {
		fmt.Fprintf(&text, ", the oldest for %s", admin.FormatAge(o.Now.Sub(o.OldestOpen)))
	}
	var instances, replicas []string
	for _, status := range slices.Sorted(maps.Keys(o.Instances)) {
		instances = append(instances, admin.FormatCount(o.Instances[status])+" "+string(status))
	}
	for _, replica := range o.Replicas {
		replicas = append(replicas, fmt.Sprintf("%s (%s)", output.Cell(replica.Name), admin.FormatCount(replica.Operations)))
	}
	fmt.Fprintf(&text, "\nInstances   %s\n", cmp.Or(strings.Join(instances, ", "), "none"))
	fmt.Fprintf(&text, "At work     %s\n", cmp.Or(strings.Join(replicas, ", "), "no replica"))
	if _, err := io.WriteString(w, text.String()); err != nil {
		return err
	}
	for _, list := range []struct {
		title      string
		operations []admin.Operation
	}{{"STUCK, oldest first", o.StuckOperations}, {"FAILED, newest first", o.FailedOperations}, {"RETRYING, oldest first", o.RetryingOperations}} {
		if err := o.printOperations(w, list.title, list.operations); err != nil {
			return err
		}
	}
	return o.printLeft(w)
}

func (o *overview) printOperations(w io.Writer, title string, operations []admin.Operation) error {
	if len(operations) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", title); err != nil {
		return err
	}
	list := output.List[admin.Operation]{
		Format: output.Text, Out: w, Titles: []string{"OPERATION", "KIND", "STATE", "AGE", "PLATFORM", "INSTANCE", "BINDING", "ATTEMPT", "DESCRIPTION"},
		Row: func(v admin.Operation) []string {
			return []string{
				v.ID, string(v.Kind), v.Condition(o.Now), admin.FormatAge(o.Now.Sub(v.CreatedAt)), v.Platform, v.InstanceID, v.BindingID,
				strconv.Itoa(v.Attempt), v.Description,
			}
		},
	}
	return list.Print(operations)
}

func (o *overview) printLeft(w io.Writer) error {
	if len(o.LeftBehind) == 0 {
		return nil
	}
	if _, err := io.WriteString(w, "\nLEFT BEHIND by a failed creation\n"); err != nil {
		return err
	}
	list := output.List[admin.Instance]{
		Format: output.Text, Out: w, Titles: []string{"PLATFORM", "INSTANCE", "SERVICE", "PLAN", "CHANGED"},
		Row: func(v admin.Instance) []string {
			return []string{v.Platform, v.InstanceID, name(v.ServiceName, v.ServiceID), name(v.PlanName, v.PlanID), admin.FormatAge(o.Now.Sub(v.UpdatedAt)) + " ago"}
		},
	}
	return list.Print(o.LeftBehind)
}
