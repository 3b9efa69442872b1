package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

// The floor is the least work of any broker on plain net/http: the same check
// of credentials and version, a ServeMux, encoding/json into the same fields,
// and a static response. It has no catalog checks, no identities and no log
// lines.
type floor struct {
	mux           *http.ServeMux
	authenticator openbroker.Authenticator
	catalog       []byte
}

type floorBody struct {
	ServiceID        string          `json:"service_id"`
	PlanID           string          `json:"plan_id"`
	Context          json.RawMessage `json:"context"`
	OrganizationGUID string          `json:"organization_guid"`
	SpaceGUID        string          `json:"space_guid"`
	Parameters       json.RawMessage `json:"parameters"`
	BindResource     json.RawMessage `json:"bind_resource"`
	PreviousValues   json.RawMessage `json:"previous_values"`
	MaintenanceInfo  json.RawMessage `json:"maintenance_info"`
}

func newFloor(authenticator openbroker.Authenticator, catalog []byte) *floor {
	f := &floor{mux: http.NewServeMux(), authenticator: authenticator, catalog: catalog}
	answer := func(status int, body []byte, decodes bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if _, err := f.authenticator.Authenticate(r); err != nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			if _, err := openbroker.ParseVersion(r.Header.Get(openbroker.HeaderAPIVersion)); err != nil {
				w.WriteHeader(http.StatusPreconditionFailed)
				return
			}
			if decodes {
				data, err := io.ReadAll(r.Body)
				if err != nil {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				var body floorBody
				if err := json.Unmarshal(data, &body); err != nil {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
			} else {
				_ = r.URL.Query().Get("plan_id")
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}
	}
	const instance, binding = "/v2/service_instances/{instance_id}", "/v2/service_instances/{instance_id}/service_bindings/{binding_id}"
	f.mux.HandleFunc("GET /v2/catalog", answer(http.StatusOK, catalog, false))
	f.mux.HandleFunc("PUT "+instance, answer(http.StatusCreated, []byte(`{"dashboard_url":"https://dashboard.example.com/1"}`), true))
	f.mux.HandleFunc("PATCH "+instance, answer(http.StatusOK, []byte(`{}`), true))
	f.mux.HandleFunc("DELETE "+instance, answer(http.StatusOK, []byte(`{}`), false))
	f.mux.HandleFunc("GET "+instance+"/last_operation", answer(http.StatusOK, []byte(`{"state":"in progress","description":"Creating"}`), false))
	f.mux.HandleFunc("PUT "+binding, answer(http.StatusCreated, []byte(`{"credentials":{"uri":"db://user:password@host/db"}}`), true))
	return f
}

func (f *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// nullBroker answers immediately with fixed responses.
type nullBroker struct {
	openbroker.Unimplemented
	catalog *openbroker.Catalog
}

func (b *nullBroker) Catalog(context.Context) (*openbroker.Catalog, error) { return b.catalog, nil }

func (*nullBroker) Provision(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return &openbroker.ProvisionResponse{DashboardURL: "https://dashboard.example.com/1"}, nil
}

func (*nullBroker) Update(context.Context, *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	return &openbroker.UpdateResponse{}, nil
}

func (*nullBroker) Deprovision(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return &openbroker.DeprovisionResponse{}, nil
}

func (*nullBroker) Bind(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	return &openbroker.BindResponse{Credentials: openbroker.Credentials{"uri": "db://user:password@host/db"}}, nil
}

func (*nullBroker) GetInstance(context.Context, *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	return &openbroker.GetInstanceResponse{ServiceID: benchService, PlanID: benchPlan, Parameters: openbroker.Parameters(`{"size":5}`)}, nil
}

func (*nullBroker) LastOperation(context.Context, *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	return &openbroker.LastOperationResponse{State: openbroker.OperationInProgress, Description: "Creating"}, nil
}

const (
	benchService = "0f6a3c4e-7f4b-4c64-9f1e-000000000000"
	benchPlan    = "a6b1d3a0-51c7-4e2c-8f0d-000000000000"
)

func benchCatalog(services int) *openbroker.Catalog {
	schema := json.RawMessage(`{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"size":{"type":"integer","minimum":1,"maximum":64},"name":{"type":"string"}}}`)
	catalog := &openbroker.Catalog{}
	for i := range services {
		service := openbroker.Service{
			ID: benchService[:len(benchService)-4] + fmt.Sprintf("%04d", i), Name: fmt.Sprintf("service-%d", i), Description: "A database",
			Bindable: true, PlanUpdateable: true, InstancesRetrievable: true, BindingsRetrievable: true, Tags: []string{"sql", "relational"},
			Metadata: &openbroker.ServiceMetadata{DisplayName: "Database", LongDescription: strings.Repeat("A long text. ", 20), DocumentationURL: "https://docs.example.com"},
		}
		for j := range 5 {
			service.Plans = append(service.Plans, openbroker.Plan{
				ID: benchPlan[:len(benchPlan)-8] + fmt.Sprintf("%04d%04d", i, j), Name: fmt.Sprintf("plan-%d", j), Description: "A plan",
				Metadata: &openbroker.PlanMetadata{Bullets: []string{"1 GB", "10 connections"}, Costs: []openbroker.Cost{{Amount: map[string]float64{"usd": 9.5}, Unit: "MONTHLY"}}},
				Schemas:  &openbroker.Schemas{ServiceInstance: &openbroker.InstanceSchemas{Create: &openbroker.InputParametersSchema{Parameters: schema}}},
			})
		}
		catalog.Services = append(catalog.Services, service)
	}
	return catalog
}

// cfContext is a context of Cloud Foundry.
const cfContext = `"context":{"platform":"cloudfoundry","organization_guid":"1113aa0f-124e-4af2-1526-6bfacf61b111","organization_name":"system","organization_annotations":{"example.com/cost-center":"4711"},"space_guid":"aaaa1234-da91-4f12-8ffa-b51d0336aaaa","space_name":"development","space_annotations":{"example.com/stage":"dev"},"instance_name":"my-database","instance_annotations":{"example.com/owner":"team-blue"}}`

func cfProvision() string {
	head := `{"service_id":"` + benchService + `","plan_id":"` + benchPlan + `",` + cfContext +
		`,"organization_guid":"1113aa0f-124e-4af2-1526-6bfacf61b111","space_guid":"aaaa1234-da91-4f12-8ffa-b51d0336aaaa","parameters":{"size":5,"name":"orders","notes":"`
	return head + strings.Repeat("x", 1400-len(head)-3) + `"}}`
}

// A connection is a keep-alive connection of one client to its own server. It
// writes a prepared request and reads a response of known length, so that the
// server takes nearly all of the measured time.
type connection struct {
	net.Conn
	request, response []byte
}

func connect(b *testing.B, handler http.Handler, c *benchCase) *connection {
	b.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close() })
	return dial(b, listener.Addr(), c)
}

// dial connects to a server and makes the first request.
func dial(b *testing.B, address net.Addr, c *benchCase) *connection {
	b.Helper()
	var d net.Dialer
	conn, err := d.DialContext(b.Context(), "tcp", address.String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: broker\r\nAuthorization: Basic dXNlcjpwYXNzd29yZA==\r\n", c.method, c.target)
	fmt.Fprintf(&head, "X-Broker-Api-Version: 2.15\r\nX-Broker-Api-Request-Identity: 8b6f7b5e-0d6f-4f5a-9f1c-2f6a8a3c1d55\r\n")
	if c.body != "" {
		fmt.Fprintf(&head, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(c.body))
	}
	request := []byte(head.String() + "\r\n" + c.body)
	if _, err := conn.Write(request); err != nil {
		b.Fatal(err)
	}
	var raw bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReaderSize(io.TeeReader(conn, &raw), 1), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != c.status {
		b.Fatalf("%v: status %d, want %d", err, response.StatusCode, c.status)
	}
	return &connection{conn, request, make([]byte, raw.Len())}
}

// call makes the request once. Each response is as long as the first one.
func (c *connection) call(b *testing.B) {
	if _, err := c.Write(c.request); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c, c.response); err != nil {
		b.Fatal(err)
	}
}

// direct calls a handler without a server.
func direct(b *testing.B, h http.Handler, c *benchCase) func() {
	b.Helper()
	header := http.Header{}
	header.Set(openbroker.HeaderAPIVersion, "2.15")
	header.Set(openbroker.HeaderRequestIdentity, "8b6f7b5e-0d6f-4f5a-9f1c-2f6a8a3c1d55")
	request, err := http.NewRequestWithContext(b.Context(), c.method, "http://broker"+c.target, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header = header
	request.SetBasicAuth("user", "password")
	body := []byte(c.body)
	reader := bytes.NewReader(body)
	if c.body != "" {
		header.Set("Content-Type", "application/json")
		request.ContentLength = int64(len(body))
	}
	w := &discard{header: http.Header{}}
	return func() {
		reader.Reset(body)
		request.Body = io.NopCloser(reader)
		clear(w.header)
		h.ServeHTTP(w, request)
		if w.status != c.status {
			b.Fatalf("status %d, want %d", w.status, c.status)
		}
	}
}

// discard is a ResponseWriter that keeps the header and the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

type benchCase struct {
	name, method, target, body string
	services                   int
	status                     int
	// ratio and allocs are the targets.
	ratio, allocs float64
}

func benchCases() []benchCase {
	const instance = "/v2/service_instances/7a1f1b2c-64d4-4b0e-a7c5-4f0e6a2f9d11"
	const hints = "service_id=" + benchService + "&plan_id=" + benchPlan
	provision := cfProvision()
	update := `{"service_id":"` + benchService + `","plan_id":"` + benchPlan + `",` + cfContext + `,"parameters":{"size":6},"previous_values":{"plan_id":"` + benchPlan + `","service_id":"` + benchService + `","organization_id":"1113aa0f-124e-4af2-1526-6bfacf61b111","space_id":"aaaa1234-da91-4f12-8ffa-b51d0336aaaa","maintenance_info":null}}`
	bind := `{"service_id":"` + benchService + `","plan_id":"` + benchPlan + `",` + cfContext + `,"app_guid":"5e76c9bf-d5e3-46bf-9877-6d8dddfc8a45","bind_resource":{"app_guid":"5e76c9bf-d5e3-46bf-9877-6d8dddfc8a45","space_guid":"aaaa1234-da91-4f12-8ffa-b51d0336aaaa"},"parameters":{}}`
	var cases []benchCase
	for _, n := range []int{1, 10, 100} {
		cases = append(cases,
			benchCase{fmt.Sprintf("catalog/%d", n), http.MethodGet, "/v2/catalog", "", n, 200, 1.5, 20},
			benchCase{fmt.Sprintf("provision/%d", n), http.MethodPut, instance + "?accepts_incomplete=true", provision, n, 201, 1.4, 45})
	}
	return append(cases,
		benchCase{"update", http.MethodPatch, instance + "?accepts_incomplete=true", update, 10, 200, 1.4, 0},
		benchCase{"bind", http.MethodPut, instance + "/service_bindings/b1?accepts_incomplete=true", bind, 10, 201, 1.4, 0},
		benchCase{"last_operation", http.MethodGet, instance + "/last_operation?operation=task_10&" + hints, "", 10, 200, 2, 0},
		benchCase{"deprovision", http.MethodDelete, instance + "?accepts_incomplete=true&" + hints, "", 10, 200, 2, 0})
}

// BenchmarkHandler compares the handler with its log line with the floor, both
// behind net/http on a local connection. ratio is CPU time, and ratio-target is
// its upper limit. direct-ratio is the same ratio without net/http and the
// connection. allocs is the number of allocations of the handler.
func BenchmarkHandler(b *testing.B) {
	authenticator, err := auth.NewBasic(auth.Credential{Username: "user", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			catalog := benchCatalog(c.services)
			encoded, err := json.Marshal(catalog)
			if err != nil {
				b.Fatal(err)
			}
			bare := newFloor(authenticator, encoded)
			handler := openbroker.NewHandler(&nullBroker{catalog: catalog}, openbroker.WithAuthenticator(authenticator),
				openbroker.WithLogger(logLines()))
			bareConnection, connection := connect(b, bare, &c), connect(b, handler, &c)
			bareDirect, direct := direct(b, bare, &c), direct(b, handler, &c)

			var wire, inProcess comparison
			for b.Loop() {
				wire.add(func() { bareConnection.call(b) }, func() { connection.call(b) })
				inProcess.add(bareDirect, direct)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(wire.ratio(), "ratio")
			b.ReportMetric(c.ratio, "ratio-target")
			b.ReportMetric(inProcess.ratio(), "direct-ratio")
			b.ReportMetric(testing.AllocsPerRun(500, direct), "allocs")
			if c.allocs > 0 {
				b.ReportMetric(c.allocs, "allocs-target")
			}
		})
	}
}

// logLines returns a logger that formats records, like that of a broker, and
// discards them.
func logLines() *slog.Logger {
	return slog.New(slog.NewJSONHandler(struct{ io.Writer }{io.Discard}, nil))
}

// A comparison sums the CPU time of two functions. It calls them in turn, so
// that the load of the machine affects both.
type comparison struct{ floor, subject time.Duration }

func (c *comparison) add(floor, subject func()) { c.addBatch(200, floor, subject) }

// addOnce is add for slow functions.
func (c *comparison) addOnce(floor, subject func()) { c.addBatch(1, floor, subject) }

func (c *comparison) addBatch(batch int, floor, subject func()) {
	start := cpuTime()
	for range batch {
		floor()
	}
	middle := cpuTime()
	for range batch {
		subject()
	}
	c.floor += middle - start
	c.subject += cpuTime() - middle
}

func (c *comparison) ratio() float64 { return float64(c.subject) / float64(c.floor) }

// cpuTime returns the CPU time of this process in user and kernel mode.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
