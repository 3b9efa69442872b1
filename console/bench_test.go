//go:build unix

package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/console"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/simulator"
)

// many is the number of instances of the benchmark. Each has 1.4 KB of data, a binding
// and three operations; 1 % of the operations are open, and 0.5 % have failed.
const many = 100_000

// BenchmarkPages requests each page with many instances.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b)
	_, _, stop := w.run()
	stop()
	service := simulator.Catalog().Services[0]
	plan, rare := service.Plans[0].ID, service.Plans[1].ID
	count := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", many)
	const now = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
	w.exec(
		`INSERT INTO instances `+count+`SELECT 'default', printf('instance-%08d', i), 1,
			CASE WHEN i % 100 = 7 THEN 'creating' WHEN i % 500 = 9 THEN 'create failed' WHEN i % 20 = 3 THEN 'deleted' ELSE 'ready' END,
			'`+service.ID+`', CASE WHEN i % 5000 = 1 THEN '`+rare+`' ELSE '`+plan+`' END, randomblob(1400), `+now+` - i * 1000000, `+now+` - i * 1000000 FROM n`,
		`INSERT INTO bindings `+count+`SELECT 'default', printf('instance-%08d', i), printf('binding-%08d', i), 'ready', '`+service.ID+`', '`+plan+`', 0, randomblob(600), `+now+`, `+now+` FROM n`,
		`INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, last, slot, state, generation, attempt, failures, owner, lease_until, not_before, deadline, description, data, created_at, updated_at, finished_at)
			`+count+`, k (k) AS (VALUES (1), (2), (3)) SELECT printf('OPERATION%08d%d', i, k), 'default', printf('instance-%08d', i), CASE k WHEN 2 THEN printf('binding-%08d', i) ELSE '' END,
			CASE k WHEN 1 THEN 'provision' WHEN 2 THEN 'bind' ELSE 'update' END, 0, k = 3, '', CASE WHEN k = 3 AND i % 33 = 1 THEN 'active' WHEN i % 200 = 5 THEN 'failed' ELSE 'succeeded' END, 1, 1, i % 2, CASE WHEN k = 3 AND i % 66 = 1 THEN 'broker-0' ELSE '' END,
			CASE WHEN k = 3 AND i % 66 = 1 THEN `+now+` + 3600000000 ELSE 0 END, 0, `+now+` + 3600000000, 'working on it', CASE WHEN k = 3 AND i % 33 = 1 THEN randomblob(1400) END, `+now+` - i * 1000, `+now+` - i * 10000,
			CASE WHEN k = 3 AND i % 33 = 1 THEN 0 ELSE `+now+` END FROM n, k ORDER BY i, k`,
	)
	store, err := sqlitestore.Open(context.Background(), w.path)
	ok(b, err)
	b.Cleanup(func() { ok(b, store.Close()) })
	operator, err := admin.New(simulator.Catalog(), store, durable.Config{Sealer: w.keys})
	ok(b, err)
	users, err := auth.NewBasic(auth.Credential{Username: "ada", Password: "lovelace"})
	ok(b, err)
	pages, err := console.New(console.Config{
		Admin: func(context.Context) (*admin.Admin, error) { return operator, nil },
		Catalog: func(context.Context) (*openbroker.Catalog, []console.Finding, error) {
			return simulator.Catalog(), nil, nil
		},
		Authenticator: users, Operators: []string{"*"},
	})
	ok(b, err)
	for name, path := range map[string]string{
		"overview": "/", "instances": "/instances", "next": "/instances?after_platform=default&after=instance-00090000",
		"left": "/instances?status=create+failed", "creating": "/instances?status=creating", "deleted": "/instances?status=deleted", "plan": "/instances?plan=" + url.QueryEscape(rare),
		"instance": "/instance?platform=default&id=instance-00050000", "open": "/operations", "stuck": "/operations?view=stuck", "retrying": "/operations?view=retrying&kind=update",
		"failed": "/operations?view=failed", "succeeded": "/operations?view=succeeded&kind=bind&platform=default", "operation": "/operation?id=OPERATION000500003",
		"find": "/find?id=instance-00077777", "find-binding": "/find?id=binding-00077777", "find-nothing": "/find?id=none", "catalog": "/catalog", "health": "/health",
		"audit": "/audit", "audit-instance": "/audit?platform=default&instance=instance-00050000", "audit-refused": "/audit?outcome=refused",
	} {
		b.Run(name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, http.NoBody)
				r.Host = "localhost"
				as("ada")(r)
				answer := httptest.NewRecorder()
				pages.ServeHTTP(answer, r)
				if answer.Code >= http.StatusInternalServerError {
					b.Fatalf("%d\n%s", answer.Code, answer.Body)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/page")
			// On a busy machine, a page waits for a processor most of the time.
			b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/page")
		})
	}
}

// processorTime returns the processor time that this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	ok(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
