package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// handConnections is the number of connections of the broker by hand to PostgreSQL: that
// of pgstore.
const handConnections = 10

// A byHand is the broker that its author writes without an engine: net/http, the same
// login and log line, encoding/json, and one plain statement for each call. It is not
// durable beyond that statement: it cannot tell whether a service was made before a crash.
type byHand struct {
	mux           *http.ServeMux
	authenticator openbroker.Authenticator
	db            *sql.DB
	logger        *slog.Logger
}

// The statements of a byHand.
const (
	handTables      = `CREATE TABLE hand_instances (id TEXT PRIMARY KEY, service_id TEXT, plan_id TEXT, body TEXT); CREATE TABLE hand_bindings (instance_id TEXT, id TEXT, body TEXT, PRIMARY KEY (instance_id, id))`
	handProvision   = `INSERT INTO hand_instances (id, service_id, plan_id, body) VALUES ($1, $2, $3, $4)`
	handBind        = `INSERT INTO hand_bindings (instance_id, id, body) SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM hand_instances WHERE id = $1)`
	handUnbind      = `DELETE FROM hand_bindings WHERE instance_id = $1 AND id = $2`
	handDeprovision = `DELETE FROM hand_instances WHERE id = $1`
)

func newByHand(b *testing.B, db *sql.DB) *byHand {
	b.Helper()
	for statement := range strings.SplitSeq(handTables, "; ") {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	h := &byHand{mux: http.NewServeMux(), authenticator: benchLogin(b), db: db, logger: logLines()}
	h.handle(b, "PUT", instancePath, http.StatusCreated, handProvision, func(r *http.Request, body *floorBody, text string) []any {
		return []any{r.PathValue("instance_id"), body.ServiceID, body.PlanID, text}
	})
	h.handle(b, "DELETE", instancePath, http.StatusOK, handDeprovision, func(r *http.Request, _ *floorBody, _ string) []any {
		return []any{r.PathValue("instance_id")}
	})
	h.handle(b, "PUT", bindingPath, http.StatusCreated, handBind, func(r *http.Request, _ *floorBody, text string) []any {
		return []any{r.PathValue("instance_id"), r.PathValue("binding_id"), text}
	})
	h.handle(b, "DELETE", bindingPath, http.StatusOK, handUnbind, func(r *http.Request, _ *floorBody, _ string) []any {
		return []any{r.PathValue("instance_id"), r.PathValue("binding_id")}
	})
	return h
}

const (
	instancePath = "/v2/service_instances/{instance_id}"
	bindingPath  = instancePath + "/service_bindings/{binding_id}"
)

func (h *byHand) handle(b *testing.B, method, path string, status int, query string, arguments func(*http.Request, *floorBody, string) []any) {
	b.Helper()
	statement, err := h.db.PrepareContext(b.Context(), query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = statement.Close() })
	h.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := h.answer(r, status, statement, arguments)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer)
		_, _ = io.WriteString(w, "{}")
		h.logger.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", method), slog.String("route", path),
			slog.Int("status", answer), slog.Duration("duration", time.Since(began)), slog.String("instance_id", r.PathValue("instance_id")))
	})
}

func (h *byHand) answer(r *http.Request, status int, statement *sql.Stmt, arguments func(*http.Request, *floorBody, string) []any) int {
	if _, err := h.authenticator.Authenticate(r); err != nil {
		return http.StatusUnauthorized
	}
	if _, err := openbroker.ParseVersion(r.Header.Get(openbroker.HeaderAPIVersion)); err != nil {
		return http.StatusPreconditionFailed
	}
	var body floorBody
	var text string
	if r.Method == http.MethodPut {
		var err error
		if text, err = decodeByHand(r, &body); err != nil {
			return http.StatusBadRequest
		}
	}
	result, err := statement.ExecContext(r.Context(), arguments(r, &body, text)...)
	if err != nil {
		return http.StatusInternalServerError
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return http.StatusGone
	}
	return status
}

// decodeByHand decodes the body of a request, and returns its text.
func decodeByHand(r *http.Request, body *floorBody) (string, error) {
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, body)
	}
	return string(text), err
}

func benchLogin(b *testing.B) openbroker.Authenticator {
	b.Helper()
	login, err := auth.NewBasic(auth.Credential{Username: "user", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	return login
}

// serveEngine starts an engine on the store behind net/http, and returns its address.
func serveEngine(b *testing.B, store durable.Store, keys durable.Sealer) string {
	b.Helper()
	logger := logLines()
	engine, err := durable.New(b.Context(), benchCatalog(1), noop{}, store, durable.Config{Sealer: keys, Logger: logger})
	if err != nil {
		b.Fatal(err)
	}
	engine.Start(b.Context())
	b.Cleanup(func() { engine.Stop(context.Background()) })
	server := httptest.NewServer(openbroker.NewHandler(engine, openbroker.WithLogger(logger), openbroker.WithAuthenticator(benchLogin(b))))
	b.Cleanup(server.Close)
	return server.URL
}

// A caller calls brokers like a platform, on keep-alive connections.
type caller struct {
	b      *testing.B
	client *http.Client
	body   string
}

func newCaller(b *testing.B) *caller {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 4 * clients}
	b.Cleanup(transport.CloseIdleConnections)
	return &caller{b, &http.Client{Transport: transport}, cfProvision()}
}

func (c *caller) call(method, url, body string, want int) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		c.b.Error(err)
		return
	}
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("user", "password")
	response, err := c.client.Do(r)
	if err != nil {
		c.b.Error(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode != want {
		c.b.Errorf("%s %s: status %d, want %d: %s", method, url, response.StatusCode, want, text)
	}
}

const deletionQuery = "?accepts_incomplete=true&service_id=" + benchService + "&plan_id=" + benchPlan

func (c *caller) provision(broker, id string) {
	c.call(http.MethodPut, broker+"/v2/service_instances/"+id+"?accepts_incomplete=true", c.body, http.StatusCreated)
}

// lifeCycle makes four operations.
func (c *caller) lifeCycle(broker, id string) {
	c.provision(broker, id)
	binding := broker + "/v2/service_instances/" + id + "/service_bindings/b"
	c.call(http.MethodPut, binding+"?accepts_incomplete=true", `{"service_id":"`+benchService+`","plan_id":"`+benchPlan+`","bind_resource":{"app_guid":"app"}}`, http.StatusCreated)
	c.call(http.MethodDelete, binding+deletionQuery, "", http.StatusOK)
	c.call(http.MethodDelete, broker+"/v2/service_instances/"+id+deletionQuery, "", http.StatusOK)
}

// BenchmarkByHand compares the engine with a broker by hand, both through HTTP on
// loopback with the same login and a log line for each request, with 64 clients. The
// provider does nothing. ratio is that of throughputs, the median of the rounds.
func BenchmarkByHand(b *testing.B) {
	for _, work := range []struct {
		name   string
		round  int
		do     func(*caller, string, string)
		target map[string]float64
	}{
		{"provision", 2000, (*caller).provision, map[string]float64{"sqlite": 3, "postgres": 1.2}},
		{"lifecycle", 600, (*caller).lifeCycle, map[string]float64{"sqlite": 2, "postgres": 1}},
	} {
		b.Run(work.name, func(b *testing.B) {
			forEachDatabase(b, func(b *testing.B, d *database) {
				if d.name == "postgres" {
					d.floor.SetMaxOpenConns(handConnections)
					d.floor.SetMaxIdleConns(handConnections)
				}
				hand := httptest.NewServer(newByHand(b, d.floor).mux)
				b.Cleanup(hand.Close)
				ours := serveEngine(b, d.store, newKeys(b))
				c, made := newCaller(b), 0
				run := func(broker string) time.Duration {
					made++
					prefix := fmt.Sprintf("r%d-", made)
					took, _ := crowd(work.round, func(i int) { work.do(c, broker, prefix+fmt.Sprint(i)) })
					return took
				}
				run(hand.URL) // Statements are prepared, and connections made.
				run(ours)
				var ratios, rates []float64
				for b.Loop() {
					byHand, engine := run(hand.URL), run(ours)
					ratios = append(ratios, float64(byHand)/float64(engine))
					rates = append(rates, float64(work.round)/engine.Seconds())
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(ratios), "ratio")
				b.ReportMetric(work.target[d.name], "ratio-target")
				b.ReportMetric(median(rates), "per-s")
			})
		})
	}
}

// BenchmarkReplicas compares several replicas on one PostgreSQL with one replica, by
// life cycles: 64 clients in total, and 64 for each. ratio is that of throughputs, and
// cpu-ratio that of processor time for each life cycle, without that of the database.
func BenchmarkReplicas(b *testing.B) {
	const round = 600
	for _, replicas := range []int{2, 3} {
		for _, each := range []bool{false, true} {
			name, target, callers := fmt.Sprintf("%d,64-in-total", replicas), 0.9, 1
			if each {
				name, target, callers = fmt.Sprintf("%d,64-each", replicas), 1, replicas
			}
			b.Run(name, func(b *testing.B) {
				server := pgtest.Start(b, pgtest.WithFsync())
				keys := newKeys(b)
				start := func(n int) []string {
					dsn := server.NewDatabase(b)
					brokers := make([]string, n)
					for i := range brokers {
						store, err := pgstore.Open(b.Context(), dsn)
						if err != nil {
							b.Fatal(err)
						}
						b.Cleanup(func() { _ = store.Close() })
						brokers[i] = serveEngine(b, store, keys)
					}
					return brokers
				}
				one, several := start(1), start(replicas)
				c, made := newCaller(b), 0
				run := func(brokers []string, callers int) (rate, cpu float64) {
					made++
					prefix := fmt.Sprintf("r%d-", made)
					before := cpuTime()
					took, _ := crowdOf(callers*clients, callers*round, func(i int) {
						c.lifeCycle(brokers[i%len(brokers)], prefix+fmt.Sprint(i))
					})
					n := float64(callers * round)
					return n / took.Seconds(), float64(cpuTime()-before) / n
				}
				run(one, 1)
				run(several, callers)
				var ratios, costs []float64
				for b.Loop() {
					single, singleCPU := run(one, 1)
					many, manyCPU := run(several, callers)
					ratios, costs = append(ratios, many/single), append(costs, manyCPU/singleCPU)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(ratios), "ratio")
				b.ReportMetric(target, "ratio-target")
				b.ReportMetric(median(costs), "cpu-ratio")
			})
		}
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
