//go:build unix

package durable_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/memstore"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// postgres is the server that tests share.
var postgres pgtest.Shared

func TestMain(m *testing.M) { postgres.Run(m) }

// schemas counts the tests that have a schema of their own.
var schemas atomic.Int64

// openPostgres returns a function that opens stores on one empty schema.
func openPostgres(tb testing.TB) func() durable.Store {
	tb.Helper()
	server := postgres.Server(tb)
	schema := "test_" + strconv.FormatInt(schemas.Add(1), 10)
	return func() durable.Store {
		tb.Helper()
		store, err := pgstore.Open(tb.Context(), server.DSN(), pgstore.WithSchema(schema))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = store.Close() })
		return store
	}
}

// forEachStore runs a test on all stores.
func forEachStore(t *testing.T, test func(t *testing.T, store durable.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, openSQLite(t))
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, memstore.New())
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openPostgres(t)())
	})
}
