package pgstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// PostgreSQL plans a statement once, perhaps for an empty table, and executes the
// plan when the table has millions of rows. Each plan must therefore use an index.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := open(t, postgres.NewDatabase(t)+"&pool_max_conns=1")
	allWork(t, s)
	a := provision("i")
	a.Operation.Owner, a.Operation.Lease = "worker", time.Hour
	key := durable.Key{Platform: "platform", InstanceID: "i", BindingID: "b"}
	binding := &durable.BindingRecord{Key: key, Status: durable.StatusCreating}
	bind := &durable.Acceptance{
		Expect: 2, Instance: a.Instance, Binding: binding, Cancel: "operation-next",
		Operation: &durable.OperationSpec{ID: "bind", Key: key, Kind: durable.KindBind, Delay: time.Hour, Timeout: time.Hour},
	}
	next := &durable.OperationSpec{ID: "operation-next", Key: a.Instance.Key, Kind: durable.KindDeprovision, Internal: true, Timeout: time.Hour}
	fence := durable.Fence{OperationID: a.Operation.ID, Generation: 1}
	text := ""
	for name, err := range []error{
		s.Accept(t.Context(), a),
		s.Advance(t.Context(), &durable.Advance{Fence: fence, Key: a.Instance.Key, Description: &text, Checkpoint: []byte{}}),
		s.Advance(t.Context(), &durable.Advance{Fence: fence, Key: a.Instance.Key, State: durable.OperationFailed, Instance: &a.Instance, Next: next}),
		s.Accept(t.Context(), bind),
	} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	if _, err := s.Operation(t.Context(), key, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expired(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	plans, err := s.Plans(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 16 {
		t.Errorf("only %d statements are prepared", len(plans))
	}
	for text, plan := range plans {
		for _, bad := range []string{"Seq Scan", "Bitmap", "Hash Join", "Merge Join", "JIT"} {
			if strings.Contains(plan, bad) {
				t.Errorf("%s in the plan of\n%s\n%s", bad, text, plan)
			}
		}
		// Only the queue is read from its beginning.
		lines := strings.Split(plan, "\n")
		for i, line := range lines {
			whole := i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond")
			if strings.Contains(line, "Index") && strings.Contains(line, "Scan using") && whole && !strings.Contains(line, "operations_queue on operations o ") {
				t.Errorf("a whole index is read by\n%s\n%s", text, plan)
			}
		}
		t.Logf("%s\n%s", text, plan)
	}
}
