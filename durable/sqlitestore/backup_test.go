package sqlitestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// A backup made while another process writes is a complete database with all
// changes that were acknowledged before it.
func TestBackupWhileInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	writer := start(t, "write", path)
	var accepted []string
	for range 200 {
		if !writer.output.Scan() {
			t.Fatal("the child has ended")
		}
		if id, ok := strings.CutPrefix(writer.output.Text(), "accepted "); ok {
			accepted = append(accepted, id)
		}
	}
	go func() {
		for writer.output.Scan() {
			continue // Drain the output: a full pipe would block the child.
		}
	}()
	backup := filepath.Join(t.TempDir(), "backup.db")
	admin := attach(t, path)
	check(t, admin.Backup(t.Context(), backup))
	if err := admin.Backup(t.Context(), backup); !errors.Is(err, os.ErrExist) {
		t.Errorf("error %v, want ErrExist", err)
	}
	check(t, sqlitestore.CheckBackup(t.Context(), backup))
	if info, err := os.Stat(backup); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(backup)); err != nil || len(entries) != 1 {
		t.Errorf("the directory of the backup has %v, %v", entries, err)
	}
	if _, err := sqlitestore.Restore(t.Context(), backup, path, nil); !errors.Is(err, sqlitestore.ErrInUse) {
		t.Errorf("restore beside the broker: error %v, want ErrInUse", err)
	}
	check(t, writer.command.Process.Kill())
	_ = writer.command.Wait()
	check(t, admin.Close())

	replaced, err := sqlitestore.Restore(t.Context(), backup, path, nil)
	check(t, err)
	if len(replaced) < 2 {
		t.Errorf("only these files were kept: %v", replaced)
	}
	store := open(t, path)
	for _, id := range accepted {
		if _, err := store.OperationByID(t.Context(), "operation-"+id); err != nil {
			t.Errorf("operation %s: %v", id, err)
		}
	}
}

// Restore installs a copy of the backup, with or without an existing database.
func TestRestore(t *testing.T) {
	t.Parallel()
	backup := filepath.Join(t.TempDir(), "backup.db")
	source := open(t, filepath.Join(t.TempDir(), "broker.db"))
	fill(t, source, 3)
	check(t, source.Backup(t.Context(), backup))
	before := read(t, backup)
	path := filepath.Join(t.TempDir(), "new", "broker.db")
	for range 2 {
		entry, err := audit.NewRecord(audit.Act{ID: audit.NewID(time.Now()), Action: audit.ActionRestore, Outcome: audit.OutcomeDone}, audit.Names{Actor: "operator"})
		check(t, err)
		_, err = sqlitestore.Restore(t.Context(), backup, path, entry)
		check(t, err)
		store := open(t, path)
		// The entry is in a chain of its own, which goes on.
		if found, err := store.AuditTrail(t.Context(), admin.AuditFilter{Actions: []audit.Action{audit.ActionRestore}}); err != nil || len(found) != 1 || found[0].Act.ID != entry.Act.ID || found[0].Seq != 1 {
			t.Errorf("the trail has %v, %v", found, err)
		}
		for i := range 3 {
			if !stored(t, store, strconv.Itoa(i)) {
				t.Errorf("instance %d is not in the backup", i)
			}
		}
		check(t, store.Accept(t.Context(), acceptance("later")))
		v := &audit.Verifier{}
		check(t, store.AuditChains(t.Context(), v.Add))
		v.Close()
		if len(v.Faults) > 0 || v.Heads[entry.Chain].Seq < 1 {
			t.Errorf("the chains have %v, %v", v.Heads, v.Faults)
		}
		check(t, store.Close())
	}
	if string(read(t, backup)) != string(before) {
		t.Error("the backup has changed")
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(t *testing.T) string
		want error
	}{
		"missing":        {func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "x.db") }, os.ErrNotExist},
		"not a database": {func(t *testing.T) string { t.Helper(); return textFile(t) }, sqlitestore.ErrDamaged},
		"damaged":        {func(t *testing.T) string { t.Helper(); p := filled(t); overwrite(t, p, 4096*12, 4096*8); return p }, sqlitestore.ErrDamaged},
		"with a log":     {crashed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filled(t)
			before := read(t, path)
			_, err := sqlitestore.Restore(t.Context(), c.make(t), path, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if string(read(t, path)) != string(before) {
				t.Error("the database has changed")
			}
			open(t, path)
		})
	}
}

func textFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.db")
	write(t, path, []byte(strings.Repeat("no database\n", 100)))
	return path
}
