package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// as sends a request with a user of Cloud Foundry, and returns the status.
func (w *world) as(user, method, path string, body any) int {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(openbroker.HeaderRequestIdentity, "vcap-request-"+fmt.Sprint(len(user)))
	r.Header.Set(openbroker.HeaderOriginatingIdentity, "cloudfoundry "+base64.StdEncoding.EncodeToString([]byte(`{"user_id":"`+user+`","token":"marked-secret"}`)))
	r.SetBasicAuth(w.username, w.password)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// trailOf returns the audit trail in lines of action, outcome, status, user and key,
// oldest first.
func trailOf(entries []map[string]any) string {
	var lines []string
	for _, e := range entries {
		if e["action"] == "begin chain" {
			continue
		}
		user, _ := e["user"].(map[string]any)
		var parts []string
		for _, v := range []any{e["action"], e["outcome"], e["status"], e["error"], e["actor"], user["id"], e["instance_id"], e["binding_id"]} {
			if v != nil && v != "" {
				parts = append(parts, fmt.Sprint(v))
			}
		}
		lines = append([]string{strings.Join(parts, " ")}, lines...)
	}
	return strings.Join(lines, "\n")
}

// The questions of an auditor: who deleted it, who read the credentials, what did a
// platform do. The trail is complete, on both stores, and in the file.
func TestAudit(t *testing.T) {
	t.Parallel()
	for _, reads := range []string{"grouped", "strict"} {
		forEachStore(t, "audit: {file: audit.jsonl, reads: "+reads+"}\nconsole: {listen: \"127.0.0.1:0\"}\n", func(t *testing.T, w *world) {
			t.Helper()
			secret := binding(map[string]any{"marked-parameter": "marked-secret"})
			const one = "/v2/service_instances/one"
			for _, c := range []struct {
				user, method, path string
				body               any
				want               int
			}{
				{"ada", "PUT", one, provision(sqlitefile.SmallPlanID), http.StatusCreated},
				{"ada", "PUT", one, provision(sqlitefile.SmallPlanID), http.StatusOK},
				{"eve", "PUT", one, provision(sqlitefile.LargePlanID), http.StatusConflict},
				{"eve", "PUT", one + "/service_bindings/b", secret, http.StatusBadRequest},
				{"bob", "PATCH", one, map[string]any{"service_id": sqlitefile.ServiceID, "context": map[string]any{"platform": "cloudfoundry", "instance_name": "new"}}, http.StatusOK},
				{"bob", "PUT", one + "/service_bindings/b", binding(nil), http.StatusCreated},
				{"eve", "GET", one + "/service_bindings/b", nil, http.StatusOK},
				{"eve", "GET", one + "/service_bindings/none", nil, http.StatusNotFound},
				{"bob", "DELETE", one + "/service_bindings/b" + deletion, nil, http.StatusOK},
				{"ada", "DELETE", one + deletion, nil, http.StatusOK},
				{"ada", "DELETE", one + deletion, nil, http.StatusGone},
			} {
				if status := w.as(c.user, c.method, c.path, c.body); status != c.want {
					t.Fatalf("%s %s: status %d, want %d", c.method, c.path, status, c.want)
				}
			}
			password := w.password
			w.password = "marked-password"
			if status := w.as("eve", "GET", "/v2/catalog", nil); status != http.StatusUnauthorized {
				t.Fatalf("status %d", status)
			}
			if status, _ := w.page(w.console()); status != http.StatusUnauthorized {
				t.Fatalf("console: status %d", status)
			}
			w.password = password
			const want = `provision accepted openbroker ada one
provision repeated openbroker ada one
provision refused 409 openbroker eve one
bind refused 400 InvalidParameters openbroker eve one b
update done openbroker bob one
bind accepted openbroker bob one b
read credentials done openbroker bob one b
read credentials done openbroker eve one b
unbind accepted openbroker bob one b
deprovision accepted openbroker ada one
deprovision refused 410 openbroker ada one
log in refused 401
log in refused 401`
			await(t, "the trail", func() bool { return len(w.list("audit", "--action", "log-in")) == 2 })
			if got := trailOf(w.list("audit")); sorted(got) != sorted(want) {
				t.Errorf("the trail is\n%s\nwant\n%s", got, want)
			}
			for question, c := range map[string]struct {
				args []string
				want string
			}{
				"who deleted it":           {[]string{"--instance", "one", "--action", "deprovision", "--outcome", "accepted"}, "deprovision accepted openbroker ada one"},
				"who read the credentials": {[]string{"--binding", "b", "--action", "read-credentials"}, "read credentials done openbroker bob one b\nread credentials done openbroker eve one b"},
				"what did the platform do": {[]string{"--platform", "default", "--action", "unbind,update", "--since", "1h"}, "update done openbroker bob one\nunbind accepted openbroker bob one b"},
			} {
				if got := trailOf(w.list(append([]string{"audit"}, c.args...)...)); got != c.want {
					t.Errorf("%s: %s", question, got)
				}
			}
			if text := w.admin("audit", "-o", "csv", "--action", "unbind"); !strings.HasPrefix(text, "ID,TIME,ACTOR,USER,ACTION,") || strings.Count(text, "\n") != 2 {
				t.Errorf("CSV: %s", text)
			}
			w.stop()

			lines := readFile(t, w.directory, "audit.jsonl")
			var inFile []map[string]any
			for line := range strings.Lines(lines) {
				entry := map[string]any{}
				if err := json.Unmarshal([]byte(line), &entry); err != nil {
					t.Fatalf("%v in %s", err, line)
				}
				if entry["action"] != nil {
					inFile = append([]map[string]any{entry}, inFile...)
				}
			}
			if got := trailOf(inFile); sorted(got) != sorted(want) {
				t.Errorf("the file has\n%s", got)
			}
			for name, text := range map[string]string{"file": lines, "log": w.stderr.String(), "trail": w.admin("audit", "-o", "json")} {
				if strings.Contains(text, "marked-") || strings.Contains(text, w.password) && name != "log" {
					t.Errorf("the %s has a secret:\n%s", name, text)
				}
			}
			if info, err := os.Stat(filepath.Join(w.directory, "audit.jsonl")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}

			// Heads from the file and from the log show that nothing was cut off.
			write(t, w.directory, "broker.log", w.stderr.String())
			for _, heads := range []string{"audit.jsonl", "broker.log"} {
				if text := w.admin("audit", "verify", "--heads", heads); !strings.HasPrefix(text, "ok: ") {
					t.Errorf("%s: %s", heads, text)
				}
			}
			w.admin("audit", "erase", "eve", "--reason", "she asked", "--actor", "op")
			if text := w.admin("audit", "-o", "json"); strings.Contains(text, "eve") {
				t.Errorf("the name is still there: %s", text)
			}
			if text := w.admin("audit", "verify", "--heads", "audit.jsonl"); !strings.HasPrefix(text, "ok: ") || !strings.Contains(text, " without their names") {
				t.Errorf("after the erasure: %s", text)
			}

			// Whoever can write the database can change it, but it shows.
			w.sql(`UPDATE audit_entries SET instance_id = 'hidden' WHERE outcome = 'refused' AND action = 'provision'`)
			w.faults("do not fit")
			w.sql(`UPDATE audit_entries SET instance_id = 'one' WHERE instance_id = 'hidden'`)
			w.sql(`UPDATE audit_entries SET document = replace_refused WHERE outcome = 'refused' AND action = 'bind'`)
			w.faults("was changed")
			w.sql(`DELETE FROM audit_entries WHERE outcome = 'refused' AND action = 'bind'`)
			w.faults("had")
			w.sql(`DELETE FROM audit_batches`)
			w.faults("audit.file")
		})
	}
}

// Old entries can be deleted, which leaves a seal.
func TestAuditPrune(t *testing.T) {
	t.Parallel()
	forEachStore(t, "", func(t *testing.T, w *world) {
		t.Helper()
		w.expect(http.StatusCreated, "PUT", "/v2/service_instances/one", provision(sqlitefile.SmallPlanID))
		w.expect(http.StatusOK, "DELETE", "/v2/service_instances/one"+deletion, nil)
		for range 2 {
			w.expect(http.StatusGone, "DELETE", "/v2/service_instances/one"+deletion, nil)
			await(t, "the refusal", func() bool { return len(w.list("audit", "--outcome", "refused")) > 0 })
		}
		w.stop()
		write(t, w.directory, "broker.log", w.stderr.String())
		if code, _, stderr := w.try("audit", "prune", "--before", "1ms"); code == 0 || !strings.Contains(stderr, "--reason is missing") {
			t.Errorf("exit code %d, %s", code, stderr)
		}
		for _, args := range [][]string{
			{"audit", "--since", "-1h"},
			{"audit", "--until", "-1h"},
			{"audit", "prune", "--before", "-1h", "--reason", "too old"},
			{"audit", "prune", "--before", time.Now().Add(time.Hour).Format(time.RFC3339), "--reason", "too old"},
		} {
			if code, _, stderr := w.try(args...); code != 2 || !strings.Contains(stderr, "is in the future") {
				t.Errorf("%q: exit code %d, %s", args, code, stderr)
			}
		}
		if text := w.admin("audit", "prune", "--before", "1h", "--reason", "too old"); text != "deleted 0 entries\n" {
			t.Error(text)
		}
		if text := w.admin("audit", "prune", "--before", "1ms", "--reason", "too old"); text == "deleted 0 entries\n" {
			t.Error(text)
		}
		if text := w.admin("audit", "verify", "--heads", "broker.log"); !strings.HasPrefix(text, "ok: ") || !strings.Contains(text, "entries were deleted: too old") {
			t.Error(text)
		}
		if seals := w.list("audit", "--action", "seal"); len(seals) != 1 || seals[0]["reason"] != "too old" {
			t.Errorf("%v", seals)
		}
	})
}

// sorted sorts lines: entries of groups come after those of later operations.
func sorted(text string) string {
	return strings.Join(slices.Sorted(strings.SplitSeq(text, "\n")), "\n")
}

// faults verifies the trail, which must fail with the text.
func (w *world) faults(want string) {
	w.t.Helper()
	code, stdout, stderr := w.try("audit", "verify", "--heads", "audit.jsonl")
	if code != 1 || !strings.Contains(stdout+stderr, want) {
		w.t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// sql changes the database of the broker behind its back.
func (w *world) sql(statement string) {
	w.t.Helper()
	ctx := context.Background()
	if w.flags[0] == "--store" {
		statement = strings.ReplaceAll(statement, "replace_refused", "convert_to(replace(convert_from(document, 'UTF8'), 'refused', 'accepted'), 'UTF8')")
		conn, err := pgx.Connect(ctx, w.flags[1])
		if err != nil {
			w.t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, `SET search_path TO openbroker, public`); err != nil {
			w.t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, statement); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	statement = strings.ReplaceAll(statement, "replace_refused", "CAST(replace(CAST(document AS TEXT), 'refused', 'accepted') AS BLOB)")
	db, err := sql.Open("sqlite", filepath.Join(w.directory, "openbroker-data", "openbroker.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		w.t.Fatal(err)
	}
}
