package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/archive"
	"github.com/openbroker/openbroker/durable/audit"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

// items returns records with a value in every field.
func items() []admin.ExportItem {
	key := durable.Key{Platform: "p", InstanceID: "i <&> \u2028", BindingID: "b"}
	later := at.Add(time.Hour)
	return []admin.ExportItem{
		{Setting: &admin.Setting{Name: "a", Value: []byte{0, 255}}},
		{Instance: &durable.InstanceRecord{Key: key.Instance(), Revision: 7, Status: durable.StatusCreateFailed, ServiceID: "s", PlanID: "p", Data: []byte("x"), CreatedAt: at, UpdatedAt: later}},
		{Binding: &durable.BindingRecord{Key: key, Status: durable.StatusReady, ServiceID: "s", PlanID: "p", ExpiresAt: later, Data: []byte("y"), CreatedAt: at, UpdatedAt: later}},
		{Operation: &admin.ExportedOperation{OperationRecord: durable.OperationRecord{
			ID: "o1", Key: key, Kind: durable.KindBind, Internal: true, State: durable.OperationFailed, Generation: 3, Attempt: 2, Failures: 1,
			NotBefore: at, Deadline: later, Description: "d", Failure: []byte("f"), Data: []byte("z"), Checkpoint: []byte("c"), CreatedAt: at, UpdatedAt: later, FinishedAt: later, DeliveredAt: later,
		}, Audit: record("o1")}},
		{Operation: &admin.ExportedOperation{Parallel: true, OperationRecord: durable.OperationRecord{
			ID: "o2", Key: key, Kind: durable.KindUnbind, State: durable.OperationActive, CreatedAt: at, UpdatedAt: later,
		}}},
		{Audit: record("5")},
		{Batch: &admin.AuditBatch{Chain: "c", Seq: 1, Batch: audit.Batch{At: at, Entries: 2, Hash: audit.Hash{1, 255}}}},
	}
}

// record returns an entry of the audit trail. Its names are not hashed: archives do not
// verify chains.
func record(id string) *audit.Record {
	return &audit.Record{
		Act: audit.Act{ID: id}, Document: []byte(`{"id":"` + id + `","at":"2026-01-02T03:04:05Z","action":"bind","outcome":"accepted"}`),
		Names: []byte(`{"actor":"<me> \u2028"}`), Chain: "c", Seq: 1,
	}
}

func write(tb testing.TB, items ...admin.ExportItem) string {
	tb.Helper()
	var b strings.Builder
	w, err := archive.NewWriter(&b)
	if err != nil {
		tb.Fatal(err)
	}
	for _, item := range items {
		if err := w.Write(item); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func read(r io.Reader) (items []admin.ExportItem, summary archive.Summary, err error) {
	reader := archive.NewReader(r)
	for item, problem := range reader.Items() {
		if problem != nil {
			return items, reader.Summary(), problem
		}
		items = append(items, item)
	}
	return items, reader.Summary(), nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := items()
	got, summary, err := read(iotest.OneByteReader(strings.NewReader(write(t, want...))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if summary != (archive.Summary{Settings: 1, Instances: 1, Bindings: 1, Operations: 2, Audit: 1, AuditBatches: 1}) {
		t.Errorf("summary %+v", summary)
	}
	if got, _, err := read(strings.NewReader(write(t))); err != nil || len(got) > 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
}

// If a record gets a field, items must set it. Then TestRoundTrip fails until the
// archive has it, too.
func TestItemsHaveEveryField(t *testing.T) {
	t.Parallel()
	set := map[string]bool{"OperationRecord.Owner": true, "OperationRecord.LeaseUntil": true, "OperationRecord.CutOff": true} // Leases are not exported.
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		for i := range v.NumField() {
			field, value := v.Type().Field(i), v.Field(i)
			name := v.Type().Name() + "." + field.Name
			set[name] = set[name] || !value.IsZero()
			if value.Kind() == reflect.Pointer && !value.IsNil() {
				value = value.Elem()
			}
			// The document has the fields of the act.
			if value.Kind() == reflect.Struct && value.Type() != reflect.TypeFor[time.Time]() && value.Type() != reflect.TypeFor[audit.Act]() {
				look(value)
			}
		}
	}
	for _, item := range items() {
		look(reflect.ValueOf(item))
	}
	for name, ok := range set {
		if !ok {
			t.Errorf("no item has a value in the field %s: set it in items, and write it to archives", name)
		}
	}
}

// All later versions read this file, so it never changes. A new format has another
// file.
func TestGoldenFile(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(filepath.Join("testdata", "format2.archive"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), write(t, items()...)); diff != "" {
		t.Errorf("the archive is not as in the golden file (-want +got):\n%s", diff)
	}
	got, _, err := read(bytes.NewReader(golden))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(items(), got); diff != "" {
		t.Errorf("the golden file is not read as it was written (-want +got):\n%s", diff)
	}
}

// Format 1 has no entries of operations, and no chains.
func TestFormat1(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(filepath.Join("testdata", "format1.archive"))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := read(bytes.NewReader(golden))
	if err != nil {
		t.Fatal(err)
	}
	want := items()
	want = want[:len(want)-2]
	for _, item := range want {
		if item.Operation != nil {
			item.Operation.Audit = nil
		}
	}
	if diff := cmp.Diff(want, got[:len(got)-1]); diff != "" {
		t.Errorf("the golden file is not read as it was written (-want +got):\n%s", diff)
	}
	entry, err := admin.ReadAudit(got[len(got)-1].Audit)
	if err != nil {
		t.Fatal(err)
	}
	key := durable.Key{Platform: "p", InstanceID: "i <&> \u2028", BindingID: "b"}
	wanted := admin.AuditEntry{
		ID: "00000000000000000000000005", At: want[1].Instance.CreatedAt, Actor: "me", Reason: "why", Action: admin.ActionFail, Outcome: audit.OutcomeDone,
		Key: key, OperationID: "o1", BegunID: "o2", AuditResult: &admin.AuditResult{},
		StatusBefore: durable.StatusCreating, StatusAfter: durable.StatusCreateFailed, StateBefore: durable.OperationActive, StateAfter: durable.OperationFailed,
	}
	if diff := cmp.Diff(wanted, entry); diff != "" {
		t.Errorf("the entry of the audit trail (-want +got):\n%s", diff)
	}
}

func TestEveryTruncationIsDetected(t *testing.T) {
	t.Parallel()
	whole := write(t, items()...)
	for n := range len(whole) {
		if _, _, err := read(strings.NewReader(whole[:n])); !errors.Is(err, archive.ErrInvalid) {
			t.Fatalf("truncated at %d: %v", n, err)
		}
	}
}

func TestEveryChangedByteIsDetected(t *testing.T) {
	t.Parallel()
	whole := write(t, items()...)
	for n := range len(whole) {
		changed := []byte(whole)
		changed[n] ^= 1
		if _, _, err := read(bytes.NewReader(changed)); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("changed at %d (%q): %v", n, whole[max(n-10, 0):n+1], err)
		}
	}
}

func TestMissingOrMovedLines(t *testing.T) {
	t.Parallel()
	lines := strings.SplitAfter(strings.TrimSuffix(write(t, items()...), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	for i := range lines {
		without := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		twice := strings.Join(lines[:i+1], "") + strings.Join(lines[i:], "")
		for name, text := range map[string]string{"without": without, "twice": twice} {
			if _, _, err := read(strings.NewReader(text)); !errors.Is(err, archive.ErrInvalid) {
				t.Errorf("%s line %d: %v", name, i+1, err)
			}
		}
		if i == 0 {
			continue
		}
		swapped := strings.Join(lines[:i-1], "") + lines[i] + lines[i-1] + strings.Join(lines[i+1:], "")
		if _, _, err := read(strings.NewReader(swapped)); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("swapped line %d: %v", i+1, err)
		}
	}
}

// A reader refuses items that no store exports, even with the right checksum.
func TestHostileItems(t *testing.T) {
	t.Parallel()
	change := func(n int, f func(admin.ExportItem)) []admin.ExportItem {
		changed := items()
		f(changed[n])
		return changed
	}
	for name, hostile := range map[string][]admin.ExportItem{
		"instance twice":          append(items()[:2:2], items()[1]),
		"out of order":            {items()[2], items()[1]},
		"a setting at the end":    {items()[5], items()[0]},
		"no instance id":          change(1, func(i admin.ExportItem) { i.Instance.Key.InstanceID = "" }),
		"unknown status":          change(1, func(i admin.ExportItem) { i.Instance.Status = "alive" }),
		"revision":                change(1, func(i admin.ExportItem) { i.Instance.Revision = 0 }),
		"NUL":                     change(1, func(i admin.ExportItem) { i.Instance.PlanID = "a\x00" }),
		"no time":                 change(1, func(i admin.ExportItem) { i.Instance.CreatedAt = time.Time{} }),
		"nanoseconds":             change(1, func(i admin.ExportItem) { i.Instance.CreatedAt = at.Add(1) }),
		"no binding id":           change(2, func(i admin.ExportItem) { i.Binding.Key.BindingID = "" }),
		"updating binding":        change(2, func(i admin.ExportItem) { i.Binding.Status = durable.StatusUpdating }),
		"no operation id":         change(3, func(i admin.ExportItem) { i.Operation.ID = "" }),
		"unknown kind":            change(3, func(i admin.ExportItem) { i.Operation.Kind = "rebind" }),
		"unknown state":           change(4, func(i admin.ExportItem) { i.Operation.State = "lost" }),
		"ended without a time":    change(3, func(i admin.ExportItem) { i.Operation.FinishedAt = time.Time{} }),
		"open, but delivered":     change(4, func(i admin.ExportItem) { i.Operation.DeliveredAt = at }),
		"open with a time":        change(4, func(i admin.ExportItem) { i.Operation.FinishedAt = at }),
		"provision of a binding":  change(3, func(i admin.ExportItem) { i.Operation.Kind = durable.KindProvision }),
		"parallel that has ended": change(3, func(i admin.ExportItem) { i.Operation.Parallel = true }),
		"generation":              change(3, func(i admin.ExportItem) { i.Operation.Generation = -1 }),
		"attempt":                 change(3, func(i admin.ExportItem) { i.Operation.Attempt = 1 << 40 }),
		"audit out of order":      append(items(), items()[5]),
		"entry of another":        change(3, func(i admin.ExportItem) { i.Operation.Audit = record("o2") }),
		"entry without JSON":      change(5, func(i admin.ExportItem) { i.Audit.Document = []byte("{") }),
		"entry with another id":   change(5, func(i admin.ExportItem) { i.Audit.Act.ID = "6" }),
		"entry without number":    change(5, func(i admin.ExportItem) { i.Audit.Seq = 0 }),
		"batch twice":             append(items(), items()[6]),
		"batch without number":    change(6, func(i admin.ExportItem) { i.Batch.Seq = 0 }),
		"setting twice":           append(items()[:1:1], items()[0]),
	} {
		if _, _, err := read(strings.NewReader(write(t, hostile...))); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"", "truncated"},
		"text":          {"hello\n", "line 1"},
		"other JSON":    {"{}\n", "line 1"},
		"other format":  {`{"header":{"format":"x","version":1}}` + "\n", "does not begin like an archive"},
		"newer":         {`{"header":{"format":"openbroker archive","version":3,"field":1}}` + "\n", "written by a newer openbroker: format 3, this binary reads up to 2"},
		"no version":    {`{"header":{"format":"openbroker archive"}}` + "\n", "unknown format 0"},
		"two in a line": {strings.Replace(write(t), "\n", " {}\n", 1), "data follows"},
		"trailing":      {write(t) + "\n", "data follows the end"},
		"unknown field": {strings.Replace(write(t), `"version":2`, `"version":2,"x":1`, 1), "not a record in JSON"},
	} {
		if _, _, err := read(strings.NewReader(c.text)); !errors.Is(err, archive.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("the disk is broken")
	if _, _, err := read(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, archive.ErrInvalid) {
		t.Errorf("a reader that fails: %v", err)
	}
}

func TestWriterReportsErrors(t *testing.T) {
	t.Parallel()
	w, err := archive.NewWriter(iotest.TruncateWriter(io.Discard, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(admin.ExportItem{}); err == nil {
		t.Error("an empty item is written")
	}
	reader, writer := io.Pipe()
	broken := errors.New("broken")
	_ = reader.CloseWithError(broken)
	if w, err = archive.NewWriter(writer); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(write(f, items()...)))
	f.Add([]byte(write(f)))
	f.Add([]byte(`{"header":{"format":"openbroker archive","version":1}}` + "\n" + `{"setting":null}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, summary, err := read(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, archive.ErrInvalid) {
				t.Fatalf("error %v", err)
			}
			return
		}
		// Accepted items can be written and read again unchanged.
		again, counted, err := read(strings.NewReader(write(t, got...)))
		if err != nil || counted != summary || fmt.Sprint(len(again)) != fmt.Sprint(len(got)) {
			t.Fatalf("read again: %v", err)
		}
	})
}

// complete adds a header and an end with the right counts and checksum to lines.
func complete(lines []byte) string {
	text := `{"header":{"format":"openbroker archive","version":1}}` + "\n" + string(lines)
	counts := map[string]int{}
	for line := range strings.Lines(string(lines)) {
		var fields map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &fields) == nil {
			for name := range fields {
				counts[strings.ToLower(name)]++
			}
		}
	}
	return text + fmt.Sprintf(`{"end":{"settings":%d,"instances":%d,"bindings":%d,"operations":%d,"audit":%d,"audit_batches":%d,"sha256":"%x"}}`+"\n",
		counts["setting"], counts["instance"], counts["binding"], counts["operation"], counts["audit_entry"], counts["audit_batch"], sha256.Sum256([]byte(text)))
}

// FuzzRecords fuzzes the records behind the checksum.
func FuzzRecords(f *testing.F) {
	lines := strings.SplitAfter(write(f, items()...), "\n")
	f.Add([]byte(strings.Join(lines[1:len(lines)-2], "")))
	for _, line := range lines[1 : len(lines)-2] {
		f.Add([]byte(line))
	}
	if _, _, err := read(strings.NewReader(complete([]byte(strings.Join(lines[1:len(lines)-2], ""))))); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := read(strings.NewReader(complete(data)))
		if err != nil {
			if !errors.Is(err, archive.ErrInvalid) {
				t.Fatalf("error %v", err)
			}
			return
		}
		again, _, err := read(strings.NewReader(write(t, got...)))
		if err != nil || cmp.Diff(got, again, cmpopts.EquateEmpty()) != "" {
			t.Fatalf("read again: %v\n%s", err, cmp.Diff(got, again, cmpopts.EquateEmpty()))
		}
	})
}

func Example() {
	var file bytes.Buffer
	w, err := archive.NewWriter(&file)
	if err != nil {
		panic(err)
	}
	// Usually store.Export(ctx, w.Write).
	if err := w.Write(admin.ExportItem{Setting: &admin.Setting{Name: "greeting", Value: []byte("hello")}}); err != nil {
		panic(err)
	}
	if _, err := w.Close(); err != nil {
		panic(err)
	}
	// Usually store.Import(ctx, r.Items()).
	r := archive.NewReader(&file)
	for item, err := range r.Items() {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s\n", item.Setting.Name, item.Setting.Value)
	}
	fmt.Println(r.Summary().Settings, "setting")
	// Output:
	// greeting: hello
	// 1 setting
}
