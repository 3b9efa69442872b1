//go:build unix

package console_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/console"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/simulator"
)

// many is the number of instances of the benchmark. Each has 1.4 KB of data, a binding,
// three operations and four entries of the audit trail; 1 % of the operations are open,
// and 0.5 % have failed. The first instance is that of the actor "rare".
const many = 100_000

// The records of the benchmark. Words in braces are replaced for each database.
var crowd = []string{
	`INSERT INTO instances (platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at)
		{count} SELECT 'default', {instance}, 1,
		CASE WHEN i % 100 = 7 THEN 'creating' WHEN i % 500 = 9 THEN 'create failed' WHEN i % 20 = 3 THEN 'deleted' ELSE 'ready' END,
		'{service}', CASE WHEN i % 5000 = 1 THEN '{rare}' ELSE '{plan}' END, {1400 bytes}, {now} - i * {second}, {now} - i * {second} FROM n`,
	`INSERT INTO bindings (platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at)
		{count} SELECT 'default', {instance}, {binding}, 'ready', '{service}', '{plan}', {never}, {600 bytes}, {now}, {now} FROM n`,
	`INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, {last}, slot, state, generation, attempt, failures, owner, lease_until, not_before, deadline,
			description, data, created_at, updated_at, finished_at, audit, audit_names, audit_chain, audit_seq)
		{count}, k (k) AS (VALUES (1), (2), (3)) SELECT {id}, 'default', {instance}, CASE k WHEN 2 THEN {binding} ELSE '' END,
		{kind}, {false}, {k = 3}, '', CASE WHEN k = 3 AND i % 33 = 1 THEN 'active' WHEN i % 200 = 5 THEN 'failed' ELSE 'succeeded' END, 1, 1, i % 2,
		CASE WHEN k = 3 AND i % 66 = 1 THEN 'broker-0' ELSE '' END, CASE WHEN k = 3 AND i % 66 = 1 THEN {now} + 3600 * {second} ELSE {never} END, {never}, {now} + 3600 * {second},
		'working on it', CASE WHEN k = 3 AND i % 33 = 1 THEN {1400 bytes} END, {now} - i * {second} / 1000, {now} - i * {second} / 100, CASE WHEN k = 3 AND i % 33 = 1 THEN {never} ELSE {now} END,
		{document {id}/{kind}/accepted}, {names}, 'chain', i * 4 + k FROM n, k ORDER BY i, k`,
	`INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
		{count}, k (k) AS (VALUES (4)) SELECT {id}, {act}, {result}, 'default', {instance}, CASE WHEN i % 2 = 1 THEN {binding} ELSE '' END, '', '',
		{document {id}/{act}/{result}}, {names}, 'chain', i * 4 + k FROM n, k ORDER BY i, k`,
}

// shared are the words that all databases have.
var shared = map[string]string{
	"{kind}":   `CASE k WHEN 1 THEN 'provision' WHEN 2 THEN 'bind' ELSE 'update' END`,
	"{act}":    `CASE WHEN i % 10000 = 2 THEN 'forget' WHEN i % 2 = 1 THEN 'read credentials' ELSE 'provision' END`,
	"{result}": `CASE WHEN i % 10000 = 2 OR i % 2 = 1 THEN 'done' ELSE 'refused' END`,
	"{names}":  `CASE WHEN i = 1 THEN '{"actor":"rare"}' ELSE '{"salt":"c2FsdHNhbHRzYWx0","actor":"cloud-controller","method":"basic","user_platform":"cloudfoundry","user":{"id":"u","name":"ada"}}' END`,
	"{many}":   strconv.Itoa(many),
}

// A crowded database has the records of the benchmark.
type crowded struct {
	driver, source string
	// settle is what the database does in the background after many changes.
	settle string
	words  map[string]string
	open   func(context.Context) (admin.Store, error)
}

func crowdedSQLite(b *testing.B) crowded {
	b.Helper()
	w := newWorld(b)
	return crowded{
		driver: "sqlite", source: w.path, settle: "PRAGMA wal_checkpoint(TRUNCATE)",
		open: func(ctx context.Context) (admin.Store, error) { return sqlitestore.Open(ctx, w.path) },
		words: map[string]string{
			"{count}": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})",
			"{now}":   "CAST(unixepoch('subsec') * 1000000 AS INTEGER)", "{second}": "1000000", "{never}": "0",
			"{instance}": "printf('instance-%08d', i)", "{binding}": "printf('binding-%08d', i)", "{id}": "printf('OPERATION%08d%d', i, k)",
			"{1400 bytes}": "randomblob(1400)", "{600 bytes}": "randomblob(600)", "{last}": "last", "{false}": "0", "{k = 3}": "k = 3", "{bytes}": "CAST", "{as bytes}": " AS BLOB",
		},
	}
}

func crowdedPostgres(b *testing.B) crowded {
	b.Helper()
	source := pgtest.Start(b).NewDatabase(b)
	return crowded{
		driver: "pgx", source: source + "&search_path=openbroker", settle: "VACUUM ANALYZE",
		open: func(ctx context.Context) (admin.Store, error) { return pgstore.Open(ctx, source) },
		words: map[string]string{
			"{count}": "WITH n (i) AS (SELECT generate_series(1, {many}))",
			"{now}":   "now()", "{second}": "interval '1 second'", "{never}": "NULL",
			"{instance}": "'instance-' || lpad(i::text, 8, '0')", "{binding}": "'binding-' || lpad(i::text, 8, '0')", "{id}": "'OPERATION' || lpad(i::text, 8, '0') || k",
			"{1400 bytes}": "decode(repeat(md5(i::text), 88), 'hex')", "{600 bytes}": "decode(repeat(md5(i::text), 38), 'hex')",
			"{last}": "kept", "{false}": "false", "{k = 3}": "k = 3", "{bytes}": "convert_to", "{as bytes}": ", 'UTF8'",
		},
	}
}

// fill makes the records.
func (c *crowded) fill(b *testing.B) {
	b.Helper()
	store, err := c.open(b.Context()) // It makes the tables.
	ok(b, err)
	ok(b, store.Close())
	db, err := sql.Open(c.driver, c.source)
	ok(b, err)
	service := simulator.Catalog().Services[0]
	for _, statement := range append(crowd, c.settle) {
		// {document ID/ACTION/OUTCOME} is the text of an entry.
		if before, rest, found := strings.Cut(statement, "{document "); found {
			fields, after, _ := strings.Cut(rest, "}, {names}")
			parts := strings.Split(fields, "/")
			statement = before + `{bytes}('{"id":"' || ` + parts[0] + ` || '","at":"2026-11-30T08:00:00Z","action":"' || ` + parts[1] + ` || '","outcome":"' || ` + quoted(parts[2]) +
				` || '","platform":"default","instance_id":"' || {instance} || '","names":"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="}'{as bytes}), {names}` + after
		}
		for _, words := range []map[string]string{shared, c.words, shared, {"{service}": service.ID, "{plan}": service.Plans[0].ID, "{rare}": service.Plans[1].ID}} {
			for word, text := range words {
				statement = strings.ReplaceAll(statement, word, text)
			}
		}
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatalf("%v: %s", err, statement)
		}
	}
	ok(b, db.Close())
}

// quoted returns a text as SQL has it, unless it is an expression.
func quoted(text string) string {
	if strings.HasPrefix(text, "{") {
		return text
	}
	return "'" + text + "'"
}

// BenchmarkPages requests each page with many instances, on both stores. The target is
// less than 200 ms for each.
func BenchmarkPages(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { measurePages(b, crowdedSQLite(b)) })
	b.Run("postgres", func(b *testing.B) { measurePages(b, crowdedPostgres(b)) })
}

func measurePages(b *testing.B, c crowded) {
	b.Helper()
	c.fill(b)
	rare := simulator.Catalog().Services[0].Plans[1].ID
	store, err := c.open(context.Background())
	ok(b, err)
	b.Cleanup(func() { ok(b, store.Close()) })
	operator, err := admin.New(simulator.Catalog(), store, durable.Config{Sealer: newWorld(b).keys})
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
	for _, p := range [][2]string{
		{"overview", "/"},
		{"instances", "/instances"},
		{"next", "/instances?after_platform=default&after=instance-00090000"},
		{"left", "/instances?status=create+failed"},
		{"creating", "/instances?status=creating"},
		{"deleted", "/instances?status=deleted"},
		{"plan", "/instances?plan=" + url.QueryEscape(rare)},
		{"instance", "/instance?platform=default&id=instance-00050000"},
		{"open", "/operations"},
		{"stuck", "/operations?view=stuck"},
		{"retrying", "/operations?view=retrying&kind=update"},
		{"cancelling", "/operations?view=cancelling"},
		{"all", "/operations?view=all"},
		{"all-instance", "/operations?view=all&instance=instance-00050000"},
		{"all-none", "/operations?view=all&platform=none"},
		{"failed", "/operations?view=failed"},
		{"failed-none", "/operations?view=failed&kind=deprovision"},
		{"succeeded", "/operations?view=succeeded&kind=bind&platform=default"},
		{"operation", "/operation?id=OPERATION000500003"},
		{"find", "/find?id=instance-00077777"},
		{"find-binding", "/find?id=binding-00077777"},
		{"find-nothing", "/find?id=none"},
		{"catalog", "/catalog"},
		{"health", "/health"},
		{"act", "/act?act=fail&operation=OPERATION000990001"},
		{"audit", "/audit"},
		{"audit-next", "/audit?before=OPERATION000500000"},
		{"audit-record", "/audit?platform=default&instance=instance-00050000"},
		{"audit-instance", "/audit?instance=instance-00050000"},
		{"audit-binding", "/audit?binding=binding-00050001"},
		{"audit-operation", "/audit?operation=OPERATION000500003"},
		{"audit-platform", "/audit?platform=none"},
		{"audit-refused", "/audit?outcome=refused"},
		{"audit-repeated", "/audit?outcome=repeated"},
		{"audit-actor", "/audit?actor=cloud-controller"},
		{"audit-actor-rare", "/audit?actor=rare"},
		{"audit-actor-older", "/audit?actor=rare&before=OPERATION000500000"},
		{"audit-action", "/audit?action=read+credentials"},
		{"audit-action-rare", "/audit?action=forget"},
		{"audit-action-none", "/audit?action=erase+names"},
		{"audit-all", "/audit?actor=rare&action=provision&outcome=accepted&platform=default"},
	} {
		b.Run(p[0], func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, p[1], http.NoBody)
				r.Host = "localhost"
				as("ada")(r)
				answer := httptest.NewRecorder()
				pages.ServeHTTP(answer, r)
				if answer.Code >= http.StatusInternalServerError || strings.Contains(answer.Body.String(), "The store did") || strings.Contains(answer.Body.String(), "The store reports") {
					b.Fatalf("%d\n%s", answer.Code, answer.Body)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
			// On a busy machine, a page waits for a processor most of the time.
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/page")
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
