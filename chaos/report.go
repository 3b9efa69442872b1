//go:build unix

package main

import (
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/openbroker/openbroker/durable"
)

var kinds = []durable.OperationKind{durable.KindProvision, durable.KindUpdate, durable.KindDeprovision, durable.KindBind, durable.KindUnbind}

// checkFloor checks that the run had enough operations and faults. A run
// without faults proves nothing.
func (r *session) checkFloor(e *evidence) {
	f := r.findings
	byKind := map[durable.OperationKind]int{}
	visible := 0
	for _, o := range e.operations {
		byKind[o.Kind]++
		if !o.Internal {
			visible++
		}
	}
	floor := func(what string, n, least int) {
		f.countItem(checkFloor)
		if n < least {
			f.add(checkFloor, "%s: %d, but the run requires %d", what, n, least)
		}
	}
	floor("operations of clients", visible, r.settings.operations)
	for _, kind := range kinds {
		floor("operations: "+string(kind), byKind[kind], 1)
	}
	if r.postgres != nil {
		floor(figureUnavailable, f.figure(figureUnavailable), 1)
		floor("checked: "+string(checkInterrupted), f.items[checkInterrupted], 1)
	}
	for _, fault := range r.faults.kinds() {
		floor(fault, f.figure(fault), 1)
		floor("histories with the fault: "+fault, r.historiesWith(fault), r.settings.histories)
	}
	floor("resumed operations of killed replicas", len(e.resumptions()), 1)
	floor("resumed operations of killed replicas, without another fault", f.items[checkResume], 1)
	for _, c := range checks[:slices.Index(checks, checkUnavailable)] {
		if c == checkInterrupted || c == checkHistories {
			continue // A SQLite file has no outages. The histories have floors of their own.
		}
		floor("checked: "+string(c), f.items[c], 1)
	}
}

// report prints the figures.
func (r *session) report(e *evidence) {
	f := r.findings
	table := tabwriter.NewWriter(r.output, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { _, _ = fmt.Fprintf(table, "  %s\t%v\n", name, value) }
	title := func(text string) { _, _ = fmt.Fprintf(table, "%s\t\n", text) }
	title("\noperations (in the store)")
	r.rowsOfOperations(e, row)
	title("requests")
	for _, name := range []string{figureRequests, figureRepeated, figureUnavailable, figureLost, figureHungUp, figureDuplicates} {
		row(name, f.figure(name))
	}
	row("responses 200, 201 and 202", len(e.acknowledged))
	title("faults")
	faults := counted(e.disturbances)
	for _, what := range slices.Sorted(maps.Keys(faults)) {
		row(what, faults[what])
	}
	title("provider")
	r.rowsOfAttempts(e, row)
	title("operations of killed replicas resume")
	rowsOfResumptions(e, row)
	title("histories")
	r.rowsOfHistories(row)
	title("time")
	row("load with faults", r.loaded.Round(100*time.Millisecond))
	row("until all operations had ended", r.settled.Round(100*time.Millisecond))
	title("checks (checked, violations)")
	for _, c := range checks {
		row(string(c), fmt.Sprintf("%d\t%d", f.items[c], f.found[c]))
	}
	_ = table.Flush() // A write error cannot be reported: the output is broken.
	r.reportViolations()
	verdict := "PASSED"
	if n := f.violations(); n > 0 {
		verdict = fmt.Sprintf("FAILED: %d violations; use -seed %d to repeat the choices", n, r.settings.seed)
	}
	r.say("%s", verdict)
}

func (r *session) reportViolations() {
	for _, c := range checks {
		for _, detail := range r.findings.details[c] {
			r.say("VIOLATION (%s) %s", c, detail)
		}
	}
}

func (r *session) rowsOfOperations(e *evidence, row func(string, any)) {
	type tally struct{ all, succeeded, cancelled, failed, retried int }
	tallies := map[durable.OperationKind]*tally{}
	sum, internal := &tally{}, 0
	for _, o := range e.operations {
		if tallies[o.Kind] == nil {
			tallies[o.Kind] = &tally{}
		}
		if o.Internal {
			internal++
		}
		for _, t := range []*tally{tallies[o.Kind], sum} {
			t.all++
			switch {
			case o.State == durable.OperationSucceeded:
				t.succeeded++
			case o.Description == cancelledText || o.Description == "":
				t.cancelled++
			default:
				t.failed++
			}
			if o.Attempt > 1 {
				t.retried++
			}
		}
	}
	write := func(name string, t *tally) {
		row(name, fmt.Sprintf("%d\t%d succeeded, %d cancelled, %d failed; %d had several attempts", t.all, t.succeeded, t.cancelled, t.failed, t.retried))
	}
	for _, kind := range kinds {
		if t := tallies[kind]; t != nil {
			write(string(kind), t)
		}
	}
	write("all", sum)
	row("of these, clean-ups by the engine", internal)
	ready := 0
	for _, record := range e.instances {
		if record.Status == durable.StatusReady {
			ready++
		}
	}
	row("instances", fmt.Sprintf("%d, %d of them ready", len(e.instances), ready))
}

func (r *session) rowsOfAttempts(e *evidence, row func(string, any)) {
	outcomes := map[string]int{}
	for _, a := range e.attempts {
		outcomes[a.Outcome]++
	}
	row("attempts", fmt.Sprintf("%d: %d succeeded, %d failed, %d panicked, %d could not save a checkpoint, %d never ended (killed)",
		len(e.attempts), outcomes[outcomeSucceeded], outcomes[outcomeFailed], outcomes[outcomePanicked], outcomes[outcomeInterrupted], outcomes[""]))
	row(figureRefused, r.findings.figure(figureRefused))
	row(figureOvertaken, r.findings.figure(figureOvertaken))
	row("resources in the ledger", len(e.resources))
}

func rowsOfResumptions(e *evidence, row func(string, any)) {
	all := e.resumptions()
	undisturbed := slices.DeleteFunc(slices.Clone(all), func(r resumption) bool { return !r.undisturbed })
	row("lease", e.lease)
	for _, set := range []struct {
		name  string
		times []resumption
	}{{"all", all}, {"without another fault", undisturbed}} {
		if len(set.times) == 0 {
			row(set.name, "0")
			continue
		}
		row(set.name, fmt.Sprintf("%d\tmedian %v, max %v", len(set.times),
			set.times[len(set.times)/2].after.Round(time.Millisecond), set.times[len(set.times)-1].after.Round(time.Millisecond)))
	}
}

func counted(disturbances []disturbance) map[string]int {
	counts := map[string]int{}
	for _, d := range disturbances {
		counts[d.what]++
	}
	return counts
}
