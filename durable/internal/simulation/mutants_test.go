package simulation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A mutant is the module without one of its rules: in a file, an old text is replaced by a
// new one.
type mutant struct {
	name, file, old, new string
}

// engineMutants are rules of the engine, and of the contract of its store.
func engineMutants() []mutant {
	return []mutant{
		{"a deletion begins before what it cancels has stopped", "durable/accept.go", "if begin != nil && !d.waits {", "if begin != nil {"},
		{"a second attempt in a process does not wait for the first", "durable/run.go", "<-r.earlier.ended", "_ = r.earlier.ended"},
		{"an attempt outlives its lease", "durable/run.go", "r.expiry.Reset(left)", "r.expiry.Reset(time.Hour)"},
		{"no deadline", "durable/run.go", "time.Now().Add(r.record.Deadline.Sub(e.now()))", "time.Now().Add(100*24*time.Hour)"},
		{"a lost lease is a failure", "durable/conclude.go", "case errors.Is(cause, errLeaseLost):", "case errors.Is(cause, errExited):"},
		{"a stop is a failure", "durable/conclude.go", "case errors.Is(cause, errStopping):", "case errors.Is(cause, errExited):"},
		{"no clean-up", "durable/conclude.go", "change.Instance, change.Binding, change.Next = after.Instance, after.Binding, after.Next", "change.Instance, change.Binding = after.Instance, after.Binding"},
		{"attempts without a limit", "durable/conclude.go", "if !retryable || failures >= policy.Attempts {", "if !retryable {"},
		{"an outage counts as a failed attempt", "durable/conclude.go", "Failed: !made.interrupted", "Failed: true"},
		{"a failed update leaves the instance broken", "durable/rules.go", "return StatusReady // A failed update has changed nothing.", "if !succeeded {\n\t\t\treturn StatusCreateFailed\n\t\t}\n\t\treturn StatusReady"},
		{"a failed deletion counts as done", "durable/rules.go", "\t\treturn before\n", "\t\treturn StatusDeleted\n"},
		{"other attributes are the same", "durable/same.go", "return bytes.Equal(a, b) ||", "return true ||"},
		{"a binding changes during an operation on the instance", "durable/queue.go", "\t\tcase other == \"\":\n\t\t\treturn openbroker.ErrConcurrency\n", "\t\tcase other == \"\":\n"},
		{"no turns on a plan without parallel bindings", "durable/queue.go", "case !policy.AllowsParallelBindings() && turn == nil:", "case false:"},
		{"a repeated request begins anew before the failure was delivered", "durable/deliver.go", "case last.Kind != kind ||", "case true ||"},
		{"deliveries are forgotten", "durable/fetch.go", "if record.DeliveredAt.IsZero() {", "if false {"},
		{"an update during operations on bindings", "durable/update.go", "case record.Status != StatusReady || len(s.Open) > 0:", "case record.Status != StatusReady:"},
		{"a place is lost with each claim", "durable/loops.go", "free := e.places.unreserve(reserved)", "free := e.places.unreserve(0)"},
		{"a full batch starves the rest", "durable/loops.go", "for i := range claimed {", "for i := range min(len(claimed), 1) {"},
		{"renewed leases end nevertheless", "durable/loops.go", "r.hold(e.config.Lease - time.Since(asked))", "_ = asked"},
		{"credentials while the binding is deleted", "durable/fetch.go", "snapshot.Binding == nil || snapshot.Binding.Status != StatusReady", "snapshot.Binding == nil"},
		{"bindings survive their instance", "durable/perform.go", "if err := e.unbindRemaining(ctx, task, instance); err != nil {", "if err := error(nil); err != nil {"},
		{"the records of bindings survive their instance", "durable/perform.go", "return task.advance(ctx, &Advance{Binding: deletedBinding(record)})", "return nil"},
		{"a checkpoint that was not written counts", "durable/task.go", "\tt.run.unsaved.Store(isInterruption(err))\n\tif err != nil {", "\tt.run.unsaved.Store(isInterruption(err))\n\tif err != nil && !isInterruption(err) {"},
		{"a panic ends nothing", "durable/run.go", "made = attempt{docs: docs, err: fmt.Errorf(\"the provider panicked: %v\\n%s\", value, debug.Stack())}", "made = attempt{docs: docs}\n\t\t\t\t_ = debug.Stack"},

		{"a rescue guarded by id only", "durable/memstore/advance.go", " || o.Generation != a.Fence.Generation", ""},
		{"a released operation can be written", "durable/memstore/advance.go", "\tcase o.LeaseUntil.IsZero():\n\t\treturn durable.ErrFenced\n", ""},
		{"a claim forgets that an operation is being cancelled", "durable/memstore/lease.go", "\t\t\to.Generation++\n", "\t\t\to.Generation++\n\t\t\to.State = durable.OperationActive\n"},
		{"a decision without the revision", "durable/memstore/accept.go", "if st.revision(key) != a.Expect {", "if false {"},
		{"a claim takes what is leased", "durable/memstore/lease.go", "if o.LeaseUntil.After(now) || ", "if "},
		{"a claim does not wait for what is cancelled", "durable/memstore/lease.go", "return c.State == durable.OperationCancelling && (", "return false && ("},
		{"a claim keeps the generation", "durable/memstore/lease.go", "\t\t\to.Generation++\n", ""},
		{"checkpoints are lost", "durable/memstore/advance.go", "o.Checkpoint = bytes.Clone(a.Checkpoint)", "_ = bytes.Clone(a.Checkpoint)"},
		{"a lease is renewed after another worker took it", "durable/memstore/lease.go", "o.Generation != fence.Generation || o.Owner != owner ||", "false ||"},
	}
}

// checkerMutants are rules of the ledger.
func checkerMutants() []mutant {
	const file = "durable/internal/simulation/"
	return []mutant{
		{"no check of slots", file + "ledger_test.go", "if n > 1 {", "if n > 100 {"},
		{"no check of instances against bindings", file + "ledger_test.go", `if slots[""] > 0 && len(slots) > 1 {`, "if false {"},
		{"no check of fences", file + "ledger_test.go", "if a.Fence.Generation != o.generation {", "if false {"},
		{"no check of writes without a lease", file + "ledger_test.go", "if o.owner == \"\" {\n\t\tl.fault", "if false {\n\t\tl.fault"},
		{"no check of renewals", file + "ledger_test.go", "if f.Generation != o.generation || o.owner != r.name {", "if false {"},
		{"no check of successes", file + "ledger_test.go", "if !o.completed[o.generation] {", "if false {"},
		{"no check of clean-ups", file + "ledger_test.go", "if creates && !a.Cancelled && a.Next == nil", "if false && creates && !a.Cancelled && a.Next == nil"},
		{"no check of the reasons of failures", file + "ledger_test.go", "if !a.Cancelled && !o.erred[o.generation] &&", "if false &&"},
		{"no check of claims that wait", file + "ledger_test.go", "if o.state == durable.OperationActive {\n\t\tfor", "if false {\n\t\tfor"},
		{"no check of cut off attempts", file + "ledger_test.go", "if !l.excused() && !l.w.troubled(", "if false && !l.w.troubled("},
		{"no check of calls at the same time", file + "service_test.go", "case ended == 0 &&", "case false &&"},
		{"no check of attempts in one process", file + "service_test.go", "case ended != 0 && other.op == c.op &&", "case false &&"},
		{"no check of deadlines", file + "service_test.go", "if c.ctx.Err() == nil && l.w.storeNow()", "if false && l.w.storeNow()"},
		{"no check of the number of attempts", file + "service_test.go", "if o.failures >= attempts &&", "if false &&"},
		{"no check of late writes", file + "service_test.go", "if c.ctx.Err() == nil && !l.excused() {", "if false {"},
		{"no check of the end", file + "service_test.go", "if o.open() {\n\t\t\tl.fault", "if false {\n\t\t\tl.fault"},
		{"no check of what is left", file + "service_test.go", "\tcase durable.StatusDeleted:\n\t\tif exists {", "\tcase durable.StatusDeleted:\n\t\tif false {"},
		{"no check of checkpoints", file + "service_test.go", "if l.current(c) && o.key == c.key &&", "if false &&"},
		{"no check of the table", file + "answers_test.go", "if l.failure(r, a) ||", "if true ||"},
		{"no check of what may begin", file + "answers_test.go", "\tif !ok {\n\t\tl.fault", "\tif false {\n\t\tl.fault"},
	}
}

var failingSeed = regexp.MustCompile(`(?m)^\s+simulation_test\.go:\d+: seed (\d+): (.*)$`)

// TestMutants removes the rules of the engine one by one, and finds each loss. It compiles
// everything for each mutant, so it runs only with SIMULATE_MUTANTS=1: make simulate-mutants.
func TestMutants(t *testing.T) { //nolint:paralleltest // Each compiles with both processors.
	if os.Getenv("SIMULATE_MUTANTS") == "" {
		t.Skip("set SIMULATE_MUTANTS=1, or use make simulate-mutants")
	}
	for _, m := range engineMutants() {
		t.Run(m.name, func(t *testing.T) {
			output := m.run(t, "^TestSimulation$", fmt.Sprint("-simulation.seeds=", *flagSeeds), "-simulation.once")
			found := failingSeed.FindAllStringSubmatch(output, -1)
			if len(found) == 0 {
				t.Fatalf("no seed finds it:\n%s", last(output))
			}
			t.Logf("found in %d of %d seeds; first: %s", len(found), *flagSeeds, found[0][2])
		})
	}
	for _, m := range checkerMutants() { //nolint:paralleltest // See above.
		t.Run(m.name, func(t *testing.T) {
			if output := m.run(t, "^TestLedger$"); !strings.Contains(output, "--- FAIL: TestLedger/") {
				t.Fatalf("TestLedger does not find it:\n%s", last(output))
			}
		})
	}
}

// Each mutant still fits the source.
func TestMutantsFit(t *testing.T) {
	t.Parallel()
	for _, m := range append(engineMutants(), checkerMutants()...) {
		m.text(t)
	}
}

// root is the directory of the module.
const root = "../../.."

// text returns the changed file.
func (m *mutant) text(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		t.Fatalf("%s: %s has the text %d times: %s", m.name, m.file, n, m.old)
	}
	return bytes.Replace(text, []byte(m.old), []byte(m.new), 1)
}

// run compiles the tests with the mutant, and runs them.
func (m *mutant) run(t *testing.T, tests string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	changed, program := filepath.Join(dir, "changed.go"), filepath.Join(dir, "simulation.test")
	if err := os.WriteFile(changed, m.text(t), 0o600); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	compile := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-o", program, "-overlay", filepath.Join(dir, "overlay.json"), ".")
	if output, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("the mutant does not compile: %v\n%s", err, output)
	}
	output, _ := exec.CommandContext(t.Context(), program, append([]string{"-test.run", tests, "-test.timeout=10m"}, flags...)...).CombinedOutput()
	return string(output)
}

// last returns the end of a long text.
func last(text string) string { return text[max(0, len(text)-2000):] }
