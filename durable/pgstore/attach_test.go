package pgstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/pgstore"
)

func TestAttach(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	refused := func(want string) {
		t.Helper()
		if _, err := pgstore.Attach(t.Context(), dsn); !errors.Is(err, pgstore.ErrSchemaVersion) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	refused(`has no schema "openbroker"`)
	var made bool
	if err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'openbroker')`).Scan(&made); err != nil || made {
		t.Errorf("the schema was created: %v, %v", made, err)
	}

	owner := open(t, dsn)
	store, err := pgstore.Attach(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	key := durable.Key{Platform: "p", InstanceID: "i"}
	if err := owner.Accept(t.Context(), &durable.Acceptance{Instance: durable.InstanceRecord{Key: key, Status: durable.StatusReady}}); err != nil {
		t.Fatal(err)
	}
	<-owner.Hints() // It listens now.
	if err := store.Intervene(t.Context(), &admin.Intervention{Expect: 1, Forget: true, Audit: admin.AuditEntry{Key: key}}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	<-owner.Hints() // An intervention notifies the replicas immediately.
	if snapshot, err := owner.Load(t.Context(), key); err != nil || snapshot.Instance != nil {
		t.Errorf("the instance is %+v, %v", snapshot.Instance, err)
	}

	for statement, want := range map[string]string{
		`INSERT INTO openbroker.schema_version (version_id, is_applied) VALUES (1000, true)`: "knows versions up to",
		`DELETE FROM openbroker.schema_version WHERE version_id > 1`:                         "start the broker of this version once",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		refused(want)
		if _, err := conn.Exec(t.Context(), `DELETE FROM openbroker.schema_version WHERE version_id > 1`); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `INSERT INTO openbroker.schema_version (version_id, is_applied) VALUES (2, true)`); err != nil {
			t.Fatal(err)
		}
	}
}
