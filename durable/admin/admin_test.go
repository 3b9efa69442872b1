package admin_test

import (
	"path/filepath"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "openbroker.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for name, create := range map[string]func() (*admin.Admin, error){
		"no catalog": func() (*admin.Admin, error) { return admin.New(nil, store, durable.Config{}) },
		"no store":   func() (*admin.Admin, error) { return admin.New(walletCatalog, nil, durable.Config{}) },
		"invalid config": func() (*admin.Admin, error) {
			return admin.New(walletCatalog, store, durable.Config{Lease: -1})
		},
		"invalid catalog": func() (*admin.Admin, error) {
			return admin.New(&openbroker.Catalog{Services: []openbroker.Service{{}}}, store, durable.Config{})
		},
	} {
		if created, err := create(); err == nil || created != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
