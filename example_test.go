package openbroker_test

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// notes is a broker of sticky notes. It embeds Unimplemented, so that it implements
// only the calls that it supports.
type notes struct{ openbroker.Unimplemented }

var _ openbroker.Broker = notes{}

var notesCatalog = &openbroker.Catalog{Services: []openbroker.Service{{
	ID: "a0c3e3c2-0c55-4d7e-9e22-8a9a3a3f0a01", Name: "notes", Description: "Sticky notes.", Bindable: true,
	Plans: []openbroker.Plan{{ID: "b1d4f4d3-1d66-4e8f-8f33-9bab4b4f1b02", Name: "yellow", Description: "A yellow one."}},
}}}

func (notes) Catalog(context.Context) (*openbroker.Catalog, error) { return notesCatalog, nil }

func (notes) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	var parameters struct {
		Text string `json:"text"`
	}
	if err := r.Parameters.Decode(&parameters); err != nil {
		return nil, err
	}
	if len(parameters.Text) > 20 {
		return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.text is longer than 20 characters")
	}
	return &openbroker.ProvisionResponse{DashboardURL: "https://notes.example.com/" + r.InstanceID}, nil
}

// send sends a request as a platform does and prints the response.
func send(h http.Handler, method, path, body string) {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

const noteBody = `{
	"service_id": "a0c3e3c2-0c55-4d7e-9e22-8a9a3a3f0a01",
	"plan_id": "b1d4f4d3-1d66-4e8f-8f33-9bab4b4f1b02",
	"organization_guid": "org-1",
	"space_guid": "space-1",
	"parameters": {"text": %q}
}`

func ExampleNewHandler() {
	h := openbroker.NewHandler(notes{}, openbroker.WithLogger(quiet()))

	send(h, "PUT", "/v2/service_instances/note-1", fmt.Sprintf(noteBody, "Buy milk"))
	send(h, "PUT", "/v2/service_instances/note-2", fmt.Sprintf(noteBody, "Buy milk, bread and butter"))
	send(h, "GET", "/v2/service_instances/note-1", "")
	// Output:
	// 201 {"dashboard_url":"https://notes.example.com/note-1"}
	// 400 {"error":"InvalidParameters","description":"parameters.text is longer than 20 characters"}
	// 501 {"description":"This service broker does not support the request."}
}

func ExampleUnimplemented() {
	var broker openbroker.Broker = notes{}
	_, err := broker.Bind(context.Background(), &openbroker.BindRequest{})
	fmt.Println(errors.Is(err, openbroker.ErrNotImplemented))
	// Output: true
}

// oneUser is a simple Authenticator. Package auth has better ones.
type oneUser struct{ name, password string }

var _ openbroker.Authenticator = oneUser{}

func (o oneUser) Authenticate(r *http.Request) (openbroker.Principal, error) {
	name, password, _ := r.BasicAuth()
	if name != o.name || subtle.ConstantTimeCompare([]byte(password), []byte(o.password)) == 0 {
		return openbroker.Principal{}, openbroker.ErrUnauthorized
	}
	return openbroker.Principal{Name: name, Method: "basic", Platform: "cf-eu"}, nil
}

func (oneUser) Challenges() []string { return []string{`Basic realm="notes"`} }

func ExampleAuthenticator() {
	h := openbroker.NewHandler(notes{}, openbroker.WithAuthenticator(oneUser{"cf", "secret"}), openbroker.WithLogger(quiet()))
	send(h, "GET", "/v2/catalog", "")
	// Output:
	// 401 {"description":"Authentication is required: the request carries no credentials, or wrong ones."}
}

func ExampleMiddleware() {
	protect := openbroker.Middleware(openbroker.WithAuthenticator(oneUser{"cf", "secret"}), openbroker.WithLogger(quiet()))
	h := protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := openbroker.CallerFrom(r.Context())
		fmt.Fprintf(w, "Hello %s, you speak %s", caller.Principal.Name, caller.APIVersion)
	}))

	r := httptest.NewRequestWithContext(context.Background(), "GET", "/status", nil)
	r.SetBasicAuth("cf", "secret")
	r.Header.Set(openbroker.HeaderAPIVersion, "2.16")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 Hello cf, you speak 2.16
}

func ExampleCallerFrom() {
	// Outside of Middleware, the context has no caller.
	caller := openbroker.CallerFrom(context.Background())
	fmt.Printf("%q", caller.Platform)
	// Output: ""
}

func ExampleWriteError() {
	w := httptest.NewRecorder()
	openbroker.WriteError(w, openbroker.ErrConcurrency.WithDescription("The backup is running.").WithRetryAfter(1500*time.Millisecond))
	fmt.Println(w.Code, w.Header().Get("Retry-After"), w.Body)
	// Output: 422 2 {"error":"ConcurrencyError","description":"The backup is running."}
}

func ExampleError() {
	disk := errors.New("write /var/lib/notes: no space left on device")
	err := fmt.Errorf("creating note-1: %w", openbroker.ErrPlanQuotaExceeded.WithDescription("Plan yellow allows %d notes.", 5).WithCause(disk))

	var answer *openbroker.Error
	if errors.As(err, &answer) {
		fmt.Println("the platform sees:", answer.Status, answer.Code, answer.Description)
	}
	fmt.Println("the log has:", err)
	fmt.Println(errors.Is(err, openbroker.ErrPlanQuotaExceeded), errors.Is(err, disk))
	// Output:
	// the platform sees: 422 PlanQuotaExceeded Plan yellow allows 5 notes.
	// the log has: creating note-1: 422 PlanQuotaExceeded: Plan yellow allows 5 notes.: write /var/lib/notes: no space left on device
	// true true
}

func ExampleNewError() {
	err := openbroker.NewError(http.StatusUnprocessableEntity, "TooManyNotes", "Delete one first.").WithInstanceUsable(true).WithUpdateRepeatable(false)
	fmt.Println(err)
	// Output: 422 TooManyNotes: Delete one first.
}

func ExampleParameters_Decode() {
	parameters := openbroker.Parameters(`{"size": "large", "password": "hunter2"}`)
	var target struct {
		Size int `json:"size"`
	}
	fmt.Println(parameters.Decode(&target))
	fmt.Printf("printed: %s\n", parameters)
	// Output:
	// 400 InvalidParameters: parameters.size must be an integer, not a string
	// printed: [redacted]
}

func ExampleCredentials() {
	credentials := openbroker.Credentials{"username": "u", "password": "hunter2"}
	fmt.Println("printed:", credentials)
	_ = json.NewEncoder(os.Stdout).Encode(credentials)
	// Output:
	// printed: [redacted]
	// {"password":"hunter2","username":"u"}
}

func ExamplePlatformContext_CloudFoundry() {
	r := openbroker.ProvisionRequest{Context: openbroker.PlatformContext{
		Platform: openbroker.PlatformCloudFoundry,
		Raw:      json.RawMessage(`{"platform":"cloudfoundry","organization_name":"acme","space_name":"dev","instance_name":"my-note"}`),
	}}
	place, err := r.Context.CloudFoundry()
	fmt.Println(place.OrganizationName, place.SpaceName, place.InstanceName, err)
	_, err = r.Context.Kubernetes()
	fmt.Println(err)
	// Output:
	// acme dev my-note <nil>
	// 400 context.platform must be "kubernetes", not "cloudfoundry"
}

func ExamplePlatformContext_Kubernetes() {
	c := openbroker.PlatformContext{
		Platform: openbroker.PlatformKubernetes,
		Raw:      json.RawMessage(`{"platform":"kubernetes","namespace":"dev","clusterid":"c-1"}`),
	}
	place, err := c.Kubernetes()
	fmt.Println(place.Namespace, place.ClusterID, err)
	// Output: dev c-1 <nil>
}

func ExamplePlatformContext_Decode() {
	c := openbroker.PlatformContext{Platform: "acme", Raw: json.RawMessage(`{"platform":"acme","region":"eu-1"}`)}
	var place struct {
		Region string `json:"region"`
	}
	err := c.Decode(&place)
	fmt.Println(place.Region, err)
	// Output: eu-1 <nil>
}

func ExampleParseOriginatingIdentity() {
	identity, err := openbroker.ParseOriginatingIdentity("cloudfoundry eyJ1c2VyX2lkIjoiNjgzZWE3NDgifQ==")
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := identity.CloudFoundry()
	fmt.Println(identity.Platform, user.UserID, err)

	_, err = openbroker.ParseOriginatingIdentity("cloudfoundry")
	fmt.Println("it", err)
	// Output:
	// cloudfoundry 683ea748 <nil>
	// it must be a platform and a Base64 value, separated by a space
}

func ExampleOriginatingIdentity_String() {
	identity := openbroker.OriginatingIdentity{Platform: "kubernetes", Value: json.RawMessage(`{"username":"duke"}`)}
	fmt.Println(identity)
	// Output: kubernetes eyJ1c2VybmFtZSI6ImR1a2UifQ==
}

func ExampleParseVersion() {
	version, err := openbroker.ParseVersion("2.17")
	fmt.Println(version.Minor, version.Compare(openbroker.Version{Major: 2, Minor: 13}) > 0, err)
	_, err = openbroker.ParseVersion("latest")
	fmt.Println("it", err)
	// Output:
	// 17 true <nil>
	// it must be MAJOR.MINOR, such as "2.17"
}

func ExampleCatalog_Validate() {
	catalog := &openbroker.Catalog{Services: []openbroker.Service{
		{ID: "1", Name: "notes", Description: "Sticky notes.", Plans: []openbroker.Plan{{ID: "2", Description: "A plan."}}},
		{ID: "1", Name: "pins", Description: "Pins."},
	}}
	fmt.Println(catalog.Validate())
	// Output:
	// services[0].plans[0].name is empty: the specification requires a non-empty string
	// services[1]: service id "1" is already used by services[0]
	// services[1].plans is empty: a service needs at least one plan
}

func ExampleExtensions() {
	var plan openbroker.Plan
	_ = json.Unmarshal([]byte(`{"id":"1","name":"small","description":"A plan.","x-vendor":{"rack":7}}`), &plan)
	fmt.Println(string(plan.Extensions["x-vendor"]))
	_ = json.NewEncoder(os.Stdout).Encode(plan)
	// Output:
	// {"rack":7}
	// {"id":"1","name":"small","description":"A plan.","x-vendor":{"rack":7}}
}

func ExampleOutcome() {
	response := openbroker.ProvisionResponse{Outcome: openbroker.Accepted, Operation: "task-10", RetryAfter: 10 * time.Second}
	fmt.Println(response.Outcome, openbroker.Completed, openbroker.AlreadyExists)
	// Output: Accepted Completed AlreadyExists
}

func ExampleOption() {
	h := openbroker.NewHandler(notes{},
		openbroker.WithLogger(quiet()),
		openbroker.WithMinimumVersion(openbroker.Version{Major: 2, Minor: 16}),
		openbroker.WithMissingVersionAsUnsupported(),
		openbroker.WithMaxBodySize(64<<10),
	)
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/v2/catalog", nil)
	r.Header.Set(openbroker.HeaderAPIVersion, "2.15")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)
	r.Header.Set(openbroker.HeaderAPIVersion, "2.16")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// 412
	// 200
}

// A broker serves several platforms, each under its own path.
func ExampleWithPlatformPrefix() {
	h := openbroker.NewHandler(whoIs{}, openbroker.WithPlatformPrefix(), openbroker.WithLogger(quiet()))
	send(h, "GET", "/cf-eu/v2/service_instances/i-1", "")
	send(h, "GET", "/k8s-us/v2/service_instances/i-1", "")
	send(h, "GET", "/v2/service_instances/i-1", "")
	// Output:
	// 200 {"dashboard_url":"https://cf-eu.example.com"}
	// 200 {"dashboard_url":"https://k8s-us.example.com"}
	// 404 {"description":"No such path: this broker serves /{platform}/v2/..."}
}

type whoIs struct{ notes }

func (whoIs) GetInstance(_ context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	return &openbroker.GetInstanceResponse{DashboardURL: "https://" + r.Caller.Platform + ".example.com"}, nil
}

// Tests and tools may send incomplete requests.
func ExampleWithoutVersionCheck() {
	h := openbroker.NewHandler(notes{}, openbroker.WithoutVersionCheck(), openbroker.WithoutOrganizationCheck(), openbroker.WithLogger(quiet()))
	r := httptest.NewRequestWithContext(context.Background(), "PUT", "/v2/service_instances/note-1",
		strings.NewReader(`{"service_id":"a0c3e3c2-0c55-4d7e-9e22-8a9a3a3f0a01","plan_id":"b1d4f4d3-1d66-4e8f-8f33-9bab4b4f1b02"}`))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 201
}

// The log has one record for each request and no secrets.
func ExampleWithLogger() {
	var log bytes.Buffer
	withoutTimes := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "duration" {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: withoutTimes}))
	h := openbroker.NewHandler(notes{}, openbroker.WithLogger(logger), openbroker.WithAuthenticator(oneUser{"cf", "secret"}))
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/v2/service_instances/i-1", nil)
	r.SetBasicAuth("cf", "secret")
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	r.Header.Set(openbroker.HeaderRequestIdentity, "req-1")
	h.ServeHTTP(httptest.NewRecorder(), r)
	_, _ = io.Copy(os.Stdout, &log)
	// Output:
	// level=ERROR msg=request method=GET route=/v2/service_instances/{instance_id} status=501 request_identity=req-1 platform=cf-eu instance_id=i-1
}
