package admin_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func TestInstanceWithoutKeyset(t *testing.T) {
	t.Parallel()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "openbroker.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	operator, err := admin.New(walletCatalog, store, durable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	key := durable.Key{Platform: "p", InstanceID: "i"}
	if _, err := operator.Instance(t.Context(), key); !errors.Is(err, durable.ErrNotFound) {
		t.Errorf("an unknown instance: %v", err)
	}
	if _, err := operator.Operation(t.Context(), "none"); !errors.Is(err, durable.ErrNotFound) {
		t.Errorf("an unknown operation: %v", err)
	}
	err = store.Accept(t.Context(), &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key, Status: durable.StatusCreating, ServiceID: "wallet", PlanID: "small", Data: []byte("sealed")},
		Binding:   &durable.BindingRecord{Key: durable.Key{Platform: "p", InstanceID: "i", BindingID: "b"}, Status: durable.StatusReady, Data: []byte("sealed")},
		Operation: &durable.OperationSpec{ID: "op", Key: key, Kind: durable.KindProvision},
	})
	if err != nil {
		t.Fatal(err)
	}
	detail, err := operator.Instance(t.Context(), key)
	if err != nil || detail.Unreadable == nil || detail.PlanName != "small" || len(detail.Parameters) > 0 {
		t.Errorf("%+v, %v", detail, err)
	}
	bindings, err := operator.BindingDetails(t.Context(), durable.Filter{})
	if err != nil || len(bindings) != 1 || bindings[0].Unreadable == nil || bindings[0].BindingID != "b" {
		t.Errorf("%+v, %v", bindings, err)
	}
	queue, err := operator.Queue(t.Context(), admin.QueueFilter{})
	if err != nil || !slices.ContainsFunc(queue, func(o admin.Operation) bool { return o.ID == "op" }) {
		t.Errorf("%+v, %v", queue, err)
	}
	summary, err := operator.Summary(t.Context())
	if err != nil || summary.Open != 1 || summary.Instances[durable.StatusCreating] != 1 {
		t.Errorf("%+v, %v", summary, err)
	}
	for n, want := range map[int]string{0: "0", 10_000: "10000", admin.CountCap: "10k+"} {
		if got := admin.FormatCount(n); got != want {
			t.Errorf("FormatCount(%d) is %q", n, got)
		}
	}
}
