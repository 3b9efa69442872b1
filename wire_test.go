package openbroker_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// A wire file has one exchange, byte for byte: the script of the broker, the request,
// what the broker received, and the response. The flag -update rewrites the last two
// parts: review the difference before you commit it.
//
//	# broker: created
//	PUT /v2/service_instances/i-1 HTTP/1.1
//	X-Broker-API-Version: 2.17
//
//	{...}
//	=== broker
//	...
//	=== response
//	201 Created
//	...
var update = flag.Bool("update", false, "update the golden files in testdata")

const (
	brokerMark   = "=== broker\n"
	responseMark = "=== response\n"
)

// headersOfInterest are the response headers that the specification or a platform
// uses.
var headersOfInterest = []string{
	"Allow", "Content-Type", "ETag", "Last-Modified", "Location", "Retry-After", "WWW-Authenticate",
	openbroker.HeaderRequestIdentity,
}

func TestWire(t *testing.T) {
	t.Parallel()
	runWire(t, "testdata/wire", func(*testing.T, string) {})
}

// TestPlatforms: the broker receives the requests of real platforms.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"cloudfoundry", "korifi", "service-catalog", "service-manager"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			runWire(t, filepath.Join("testdata/platforms", platform), func(t *testing.T, got string) {
				t.Helper()
				if _, response, _ := strings.Cut(got, responseMark); !strings.HasPrefix(response, "20") {
					t.Errorf("a request of the platform is refused: %s", response)
				}
			})
		})
	}
}

func wireFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no *.http in %s (%v)", dir, err)
	}
	return files
}

func runWire(t *testing.T, dir string, check func(t *testing.T, got string)) {
	t.Helper()
	for _, file := range wireFiles(t, dir) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			t.Parallel()
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			request, _, _ := strings.Cut(string(golden), brokerMark)
			got := request + exchange(t, request)
			check(t, got)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != string(golden) {
				t.Errorf("%s differs at line %s", file, firstDifference(got, string(golden)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			return fmt.Sprintf("%d; got\n%s\nwant\n%s", i+1, gotLines[i], wantLines[i])
		}
	}
	return fmt.Sprintf("%d: one text ends here", min(len(gotLines), len(wantLines)))
}

// exchange sends the request of a wire file and returns the parts after it.
func exchange(t *testing.T, file string) string {
	t.Helper()
	script, request, found := strings.Cut(file, "\n")
	outcome, ok := strings.CutPrefix(script, "# broker: ")
	if !found || !ok {
		t.Fatal("the first line of a wire file is \"# broker: \" and a script")
	}
	head, body, _ := strings.Cut(request, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	head = strings.ReplaceAll(strings.TrimSuffix(head, "\n"), "\n", "\r\n")
	if body != "" {
		head += fmt.Sprintf("\r\nContent-Length: %d", len(body))
	}
	broker := wireBroker(t, outcome)
	s := serve(t, broker, openbroker.WithAuthenticator(authenticatorFunc(wireAuth)), openbroker.WithParameterValidation(catalog.NewValidator()))
	got := s.raw(head + "\r\nHost: broker.example.com\r\nConnection: close\r\n\r\n" + body)

	var out strings.Builder
	out.WriteString(brokerMark)
	for _, received := range broker.received() {
		fmt.Fprintf(&out, "%s %s\n", reflect.TypeOf(received).Elem().Name(), describe(t, received))
	}
	fmt.Fprintf(&out, "%s%d %s\n", responseMark, got.status, http.StatusText(got.status))
	for _, name := range headersOfInterest {
		for _, value := range got.header.Values(name) {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&out, "\n%s\n", got.body)
	return out.String()
}

// wireAuth accepts basic authentication, a bearer token, and no credentials.
func wireAuth(r *http.Request) (openbroker.Principal, error) {
	if user, password, ok := r.BasicAuth(); ok {
		if password != "secret" {
			return openbroker.Principal{}, openbroker.ErrUnauthorized
		}
		return openbroker.Principal{Name: user, Method: "basic"}, nil
	}
	return openbroker.Principal{}, nil
}

// describe formats a request that the broker received, with all fields.
func describe(t *testing.T, request any) string {
	t.Helper()
	encoded, err := json.MarshalIndent(fieldsOf(reflect.ValueOf(request).Elem()), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func fieldsOf(v reflect.Value) map[string]any {
	fields := map[string]any{}
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Name, v.Field(i)
		if name == "Body" || !v.Type().Field(i).IsExported() || field.IsZero() {
			continue // The request above has the body.
		}
		switch value := field.Interface().(type) {
		case *openbroker.Service:
			fields[name] = "the service " + value.ID
		case *openbroker.Plan:
			fields[name] = "the plan " + value.ID
		case *openbroker.OriginatingIdentity:
			fields[name] = map[string]any{"Platform": value.Platform, "Value": value.Value}
		case openbroker.Version:
			fields[name] = value.String()
		case openbroker.Caller:
			fields[name] = fieldsOf(field)
		case openbroker.Principal:
			fields[name] = fieldsOf(field)
		default:
			fields[name] = value
		}
	}
	return fields
}

// wireBroker returns a broker whose responses have every field that the specification
// defines.
func wireBroker(t *testing.T, script string) *fakeBroker {
	t.Helper()
	if name, ok := strings.CutPrefix(script, "error "); ok {
		if wireErrors[name] == nil {
			t.Fatalf("unknown error %q: use one of %v", name, slices.Sorted(maps.Keys(wireErrors)))
		}
		return withWireCatalog(failing(wireErrors[name]))
	}
	outcome, known := map[string]openbroker.Outcome{
		"created": openbroker.Completed, "exists": openbroker.AlreadyExists, "accepted": openbroker.Accepted, "empty": openbroker.Completed,
		"strict": openbroker.Completed,
	}[script]
	if !known {
		t.Fatalf("unknown script %q", script)
	}
	if script == "strict" {
		return strictBroker()
	}
	if script == "empty" {
		return withWireCatalog(&fakeBroker{})
	}
	return withWireCatalog(fullBroker(outcome))
}

var wireErrors = map[string]error{
	"AsyncRequired":           openbroker.ErrAsyncRequired,
	"ConcurrencyError":        openbroker.ErrConcurrency,
	"RequiresApp":             openbroker.ErrRequiresApp,
	"MaintenanceInfoConflict": openbroker.ErrMaintenanceInfoConflict,
	"InstanceAlreadyExists":   openbroker.ErrInstanceAlreadyExists,
	"InstanceDoesNotExist":    openbroker.ErrInstanceDoesNotExist,
	"BindingAlreadyExists":    openbroker.ErrBindingAlreadyExists,
	"BindingDoesNotExist":     openbroker.ErrBindingDoesNotExist,
	"Gone":                    openbroker.ErrGone,
	"NotImplemented":          openbroker.ErrNotImplemented,
	"Unavailable":             openbroker.ErrUnavailable,
	"UpdateFailed": openbroker.NewError(http.StatusUnprocessableEntity, "OverQuota", "The data does not fit the plan.").
		WithInstanceUsable(true).WithUpdateRepeatable(false),
	"Unknown": fmt.Errorf("dial tcp 10.0.0.1: password=hunter2"),
}

func withWireCatalog(b *fakeBroker) *fakeBroker {
	b.catalog = func(context.Context) (*openbroker.Catalog, error) {
		text, err := os.ReadFile("testdata/catalog.json")
		if err != nil {
			return nil, err
		}
		catalog := new(openbroker.Catalog)
		return catalog, json.Unmarshal(text, catalog)
	}
	return b
}

func fullBroker(outcome openbroker.Outcome) *fakeBroker {
	no := false
	metadata := &openbroker.InstanceMetadata{
		Labels:     map[string]any{"team": "payments"},
		Attributes: map[string]any{"region": "eu-1", "size": 3},
	}
	binding := openbroker.GetBindingResponse{
		Metadata: &openbroker.BindingMetadata{
			ExpiresAt:   time.Date(2026, 12, 31, 23, 59, 59, 987_000_000, time.UTC),
			RenewBefore: time.Date(2026, 12, 1, 1, 0, 0, 0, time.FixedZone("CET", 3600)),
		},
		Credentials:     openbroker.Credentials{"username": "u-1", "password": "p-1", "port": 5432},
		SyslogDrainURL:  "syslog-tls://logs.example.com:6514",
		RouteServiceURL: "https://route.example.com",
		VolumeMounts: []openbroker.VolumeMount{{
			Driver: "cephdriver", ContainerDir: "/data/images", Mode: "r", DeviceType: "shared",
			Device: openbroker.VolumeDevice{VolumeID: "v-1", MountConfig: map[string]any{"key": "value"}},
		}},
		Endpoints: []openbroker.Endpoint{
			{Host: "db.example.com", Ports: []string{"5432", "9000-9010"}, Protocol: "tcp"},
			{Host: "10.0.0.7", Ports: []string{"53"}},
		},
		Parameters: openbroker.Parameters(`{"role": "reader"}`),
	}
	state := &openbroker.LastOperationResponse{
		State: openbroker.OperationFailed, Description: "The disk is full.", InstanceUsable: &no, UpdateRepeatable: &no,
	}
	if outcome == openbroker.Accepted {
		state = &openbroker.LastOperationResponse{State: openbroker.OperationInProgress, Description: "10% done", RetryAfter: 1500 * time.Millisecond}
	}
	return &fakeBroker{
		provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
			return &openbroker.ProvisionResponse{Outcome: outcome, DashboardURL: "https://dashboard.example.com/i-1", Operation: "task_10", Metadata: metadata, RetryAfter: 5 * time.Second}, nil
		},
		update: func(context.Context, *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
			return &openbroker.UpdateResponse{Outcome: outcome, DashboardURL: "https://dashboard.example.com/i-1", Operation: "task_11", Metadata: metadata, RetryAfter: 5 * time.Second}, nil
		},
		deprovision: func(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
			return &openbroker.DeprovisionResponse{Outcome: outcome, Operation: "task_12", RetryAfter: 5 * time.Second}, nil
		},
		bind: func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
			return &openbroker.BindResponse{
				Outcome: outcome, Operation: "task_13", RetryAfter: 5 * time.Second, Metadata: binding.Metadata,
				Credentials: binding.Credentials, SyslogDrainURL: binding.SyslogDrainURL, RouteServiceURL: binding.RouteServiceURL,
				VolumeMounts: binding.VolumeMounts, Endpoints: binding.Endpoints,
			}, nil
		},
		unbind: func(context.Context, *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
			return &openbroker.UnbindResponse{Outcome: outcome, Operation: "task_14", RetryAfter: 5 * time.Second}, nil
		},
		getInstance: func(context.Context, *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
			return &openbroker.GetInstanceResponse{
				ServiceID: serviceID, PlanID: planID, DashboardURL: "https://dashboard.example.com/i-1",
				Parameters: openbroker.Parameters(`{"size": 1}`), MaintenanceInfo: &openbroker.MaintenanceInfo{Version: "2.1.1+abcdef"}, Metadata: metadata,
			}, nil
		},
		getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
			return &binding, nil
		},
		lastOperation: func(context.Context, *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
			return state, nil
		},
		lastBindingOperation: func(context.Context, *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
			return state, nil
		},
	}
}
