package durable_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/seal"
)

// Everything can be resealed while brokers work. After that the old key is not
// needed, and can be disabled.
func TestReseal(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		keys, err := seal.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		old := keys.Keys()[0].ID
		operated := store.(admin.Store)
		if _, err := store.PutSetting(t.Context(), "keyset_canary", []byte("of an earlier version")); err != nil {
			t.Fatal(err)
		}
		r := start(t, store, keys, newScripted(), nil)
		const instances = 60 // More than one batch.
		for i := range instances {
			r.provision("i"+strconv.Itoa(i), "plan-sync", `,"parameters":{"secret":"hunter2"}`).is(t, http.StatusCreated, "")
		}
		r.bind("i0", "b", "plan-sync", "").is(t, http.StatusCreated, "")
		for _, id := range []string{"updated", "deleted"} {
			r.done(instancePath(id), r.provision(id, "plan-async", "").is(t, http.StatusAccepted, ""))
		}
		held := r.provider.hold(durable.KindUpdate, "updated")
		update := r.update("updated", `,"parameters":{"a":1}`).is(t, http.StatusAccepted, "")
		receive(t, "the update", held.entered)
		gone := r.provider.hold(durable.KindDeprovision, "deleted")
		deprovision := r.deprovision("deleted", "plan-async")
		receive(t, "the deprovision", gone.entered)

		if _, err := seal.RotateKey(path); err != nil {
			t.Fatal(err)
		}
		if changed, err := keys.Reload(nil); err != nil || !changed {
			t.Fatalf("reload: %v, %v", changed, err)
		}
		count := func() int {
			t.Helper()
			counts, err := admin.CountByKey(t.Context(), operated)
			if err != nil {
				t.Fatal(err)
			}
			return counts[old]
		}
		// The canary, the instances, the binding and two operations.
		if n, want := count(), 1+instances+2+1+2; n != want {
			t.Errorf("%d records need the old key, want %d", n, want)
		}
		// It is interrupted, and continues.
		ctx, cancel := context.WithCancel(t.Context())
		first, err := admin.Reseal(ctx, operated, keys, func(admin.SealProgress) { cancel() })
		if !errors.Is(err, context.Canceled) || first.Resealed == 0 {
			t.Errorf("interrupted: %+v, %v", first, err)
		}
		left := count()
		if left == 0 {
			t.Error("the interrupted reseal has done everything")
		}
		second, err := admin.Reseal(t.Context(), operated, keys, nil)
		if err != nil || first.Removed+second.Removed != 1 || second.Unreadable != 0 || second.Resealed < left {
			t.Errorf("%+v, %v; %d records were left", second, err, left)
		}
		if n := count(); n != 0 {
			t.Errorf("%d records need the old key", n)
		}
		// Operations that were running seal their records with the new key.
		held.open()
		gone.open()
		r.done(instancePath("updated"), update)
		r.done(instancePath("deleted"), deprovision)
		if n := count(); n != 0 {
			t.Errorf("%d records need the old key after the operations", n)
		}
		if third, err := admin.Reseal(t.Context(), operated, keys, nil); err != nil || third.Resealed+third.Removed != 0 {
			t.Errorf("again: %+v, %v", third, err)
		}
		if err := seal.DisableKey(path, old); err != nil {
			t.Fatal(err)
		}
		if changed, err := keys.Reload(nil); err != nil || !changed {
			t.Fatalf("reload: %v, %v", changed, err)
		}
		if p, err := admin.VerifySealed(t.Context(), operated, keys, nil); err != nil || p.Values < instances {
			t.Errorf("%+v, %v", p, err)
		}
		r.send(http.MethodGet, bindingPath("i0", "b"), "").is(t, http.StatusOK, "")
		r.provision("i5", "plan-sync", `,"parameters":{"secret":"hunter2"}`).is(t, http.StatusOK, "")
		start(t, store, keys, newScripted(), nil).provision("i6", "plan-sync", `,"parameters":{"secret":"hunter2"}`).is(t, http.StatusOK, "")
	})
}

// A value that cannot be opened is reported, and does not prevent the others.
func TestResealWithAnUnreadableValue(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, others := newKeys(t), newKeys(t)
		r := start(t, store, keys, newScripted(), nil)
		for i := range 3 {
			r.provision("i"+strconv.Itoa(i), "plan-sync", `,"parameters":{"secret":"hunter2"}`).is(t, http.StatusCreated, "")
		}
		operated := store.(admin.Store)
		records, err := operated.Instances(t.Context(), durable.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := others.Seal([]byte("{}"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := operated.Reseal(t.Context(), []admin.SealedValue{{SealedPlace: durable.SealedPlace{Key: records[1].Key}, Old: records[1].Data, New: foreign}}); err != nil || n != 1 {
			t.Fatalf("%d, %v", n, err)
		}
		p, err := admin.Reseal(t.Context(), operated, keys, nil)
		if !errors.Is(err, admin.ErrUnreadable) || p.Unreadable != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := admin.VerifySealed(t.Context(), operated, keys, nil); !errors.Is(err, admin.ErrUnreadable) {
			t.Errorf("verify: %v", err)
		}
	})
}
