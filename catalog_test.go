package openbroker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

// TestCatalogUnreadable: an unreadable catalog is never answered with "not in the
// catalog", nor with a status that makes a platform forget an instance.
func TestCatalogUnreadable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		catalog *openbroker.Catalog
		err     error
		status  int
	}{
		"error":          {nil, errors.New("hunter2"), http.StatusInternalServerError},
		"nil":            {nil, nil, http.StatusInternalServerError},
		"does not exist": {nil, openbroker.ErrInstanceDoesNotExist, http.StatusInternalServerError},
		"gone":           {nil, openbroker.ErrGone, http.StatusInternalServerError},
		"bad request":    {nil, openbroker.ErrBadRequest, http.StatusInternalServerError},
		"unavailable":    {nil, fmt.Errorf("x: %w", openbroker.ErrUnavailable), http.StatusServiceUnavailable},
	} {
		broker := &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return c.catalog, c.err }}
		s := serve(t, broker)
		for _, r := range endpointRequests {
			switch r.name {
			case "get instance", "get binding", "last operation", "last binding operation":
				continue // These calls do not need the catalog.
			}
			a := s.do(r.method, r.path, r.body)
			a.wantError(t, c.status)
			if strings.Contains(a.body, "not in the catalog") || strings.Contains(a.body, "hunter2") {
				t.Errorf("%s: %s: %s", name, r.name, a.body)
			}
		}
		wantNoCall(t, broker)
	}
}

func TestCatalogInvalid(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) {
		return &openbroker.Catalog{Services: []openbroker.Service{{ID: "a"}}}, nil
	}})
	for range 2 {
		wantProgrammingError(t, s, s.do(http.MethodGet, "/v2/catalog", "", requestOne), "services[0].name")
	}
}

func TestCatalogEmpty(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return &openbroker.Catalog{}, nil }})
	s.do(http.MethodGet, "/v2/catalog", "").wantBody(t, http.StatusOK, `{"services":[]}`)
}

// TestCatalogStatesDefaults: the served catalog has explicit values of free and
// bindable, because Korifi and service-catalog read absent ones as false. The
// broker's catalog does not change.
func TestCatalogStatesDefaults(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	plan := func(id string, free, bindable *bool) openbroker.Plan {
		return openbroker.Plan{ID: id, Name: id, Description: "d", Free: free, Bindable: bindable}
	}
	catalog := &openbroker.Catalog{Services: []openbroker.Service{
		{ID: "b", Name: "b", Description: "d", Bindable: true, Plans: []openbroker.Plan{plan("1", nil, nil), plan("2", &no, &no), plan("3", &yes, &yes)}},
		{ID: "u", Name: "u", Description: "d", Plans: []openbroker.Plan{plan("4", nil, nil), plan("5", nil, &yes)}},
	}}
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return catalog, nil }})
	a := s.do(http.MethodGet, "/v2/catalog", "")
	var got []string
	for _, service := range a.object(t)["services"].([]any) {
		for _, p := range service.(map[string]any)["plans"].([]any) {
			plan := p.(map[string]any)
			got = append(got, fmt.Sprintf("%v %v %v", plan["id"], plan["free"], plan["bindable"]))
		}
	}
	wantEqual(t, "id, free and bindable", got, []string{"1 true true", "2 false false", "3 true true", "4 true false", "5 true true"})
	if catalog.Services[0].Plans[0].Free != nil || catalog.Services[0].Plans[0].Bindable != nil {
		t.Error("the catalog of the broker has changed")
	}
}

func TestCatalogConditionalRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	first := s.do(http.MethodGet, "/v2/catalog", "")
	etag, modified := first.header.Get("ETag"), first.header.Get("Last-Modified")
	if len(etag) < 18 || etag[0] != '"' || modified != "Fri, 02 Jan 2026 03:04:05 GMT" {
		t.Fatalf("ETag %s, Last-Modified %s", etag, modified)
	}
	for header, status := range map[string]int{
		"If-None-Match: " + etag:                            304,
		"If-None-Match: *":                                  304,
		"If-None-Match: W/" + etag:                          304,
		`If-None-Match: "other", ` + etag:                   304,
		`If-None-Match: "a,b" ,W/` + etag + `,`:             304,
		`If-None-Match: "other"`:                            200,
		"If-None-Match: " + strings.Trim(etag, `"`):         200,
		"If-None-Match: junk":                               200,
		"If-None-Match:":                                    200,
		"If-Modified-Since: " + modified:                    304,
		"If-Modified-Since: Fri, 02 Jan 2026 03:04:04 GMT":  200,
		"If-Modified-Since: Fri, 02 Jan 2026 03:04:06 GMT":  304,
		"If-Modified-Since: Friday, 02-Jan-26 03:04:05 GMT": 304,
		"If-Modified-Since: yesterday":                      200,
		"If-Modified-Since:":                                200,
		"If-Match: \"other\"":                               200,
		"Cache-Control: no-cache":                           200,
	} {
		a := s.do(http.MethodGet, "/v2/catalog", "", header)
		if a.status != status || (a.body == "") != (status == 304) {
			t.Errorf("%s: %d %q", header, a.status, a.body)
		}
		if a.header.Get("ETag") != etag || a.header.Get("Last-Modified") != modified {
			t.Errorf("%s: ETag or Last-Modified is missing: %v", header, a.header)
		}
	}
	// If-None-Match takes precedence over If-Modified-Since.
	if a := s.do(http.MethodGet, "/v2/catalog", "", `If-None-Match: "other"`, "If-Modified-Since: "+modified); a.status != 200 {
		t.Errorf("got %d", a.status)
	}
	if a := s.do(http.MethodGet, "/v2/catalog", "", "If-None-Match: "+etag, "If-Modified-Since: Fri, 02 Jan 2020 00:00:00 GMT"); a.status != 304 {
		t.Errorf("got %d", a.status)
	}
	// Several header lines are one list.
	a := s.raw("GET /v2/catalog HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nIf-None-Match: \"a\"\r\nIf-None-Match: " + etag + "\r\n\r\n")
	if a.status != 304 {
		t.Errorf("got %d", a.status)
	}
	if a := s.do(http.MethodHead, "/v2/catalog", "", "If-None-Match: "+etag); a.status != 304 {
		t.Errorf("got %d", a.status)
	}
	// A conditional request still needs credentials and a version.
	s.do(http.MethodGet, "/v2/catalog", "", "If-None-Match: *", "-X-Broker-API-Version").wantError(t, 400)
}

// TestCatalogVersions: ETag and Last-Modified change with the content, not with the
// pointer. Two versions within a second differ in both.
func TestCatalogVersions(t *testing.T) {
	t.Parallel()
	var current atomic.Pointer[openbroker.Catalog]
	broker := &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return current.Load(), nil }}
	s := serve(t, broker)
	get := func(description string) (etag, modified string) {
		catalog := testCatalog()
		catalog.Services[0].Description = description
		current.Store(catalog)
		a := s.do(http.MethodGet, "/v2/catalog", "")
		if !strings.Contains(a.body, description) {
			t.Fatalf("a stale catalog: %s", a.body)
		}
		return a.header.Get("ETag"), a.header.Get("Last-Modified")
	}
	etag1, modified1 := get("one")
	again, modifiedAgain := get("one")
	if again != etag1 || modifiedAgain != modified1 {
		t.Error("an equal catalog has another ETag or Last-Modified")
	}
	etag2, modified2 := get("two")
	if etag2 == etag1 || modified2 == modified1 {
		t.Errorf("another catalog has the same ETag or Last-Modified: %s %s", etag2, modified2)
	}
	etag3, modified3 := get("one")
	if etag3 != etag1 {
		t.Error("the same content has another ETag")
	}
	t1, _ := http.ParseTime(modified2)
	t2, _ := http.ParseTime(modified3)
	if !t2.After(t1) {
		t.Errorf("Last-Modified after the change back is not newer: %v, %v", t1, t2)
	}
}

// TestCatalogChangesAtOnce: the next request uses a new catalog.
func TestCatalogChangesAtOnce(t *testing.T) {
	t.Parallel()
	catalog := testCatalog()
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return catalog, nil }})
	s.do(http.MethodPut, instancePath, provisionBody).wantBody(t, http.StatusCreated, "{}")
	catalog = &openbroker.Catalog{}
	s.do(http.MethodPut, instancePath, provisionBody).wantError(t, http.StatusBadRequest, "service_id", "not in the catalog")
}

// TestCatalogIsEncodedOnce: the allocations of a GET do not grow with the catalog.
func TestCatalogIsEncodedOnce(t *testing.T) { //nolint:paralleltest // It counts allocations.
	allocations := func(services int) float64 {
		catalog := &openbroker.Catalog{}
		for i := range services {
			service := testCatalog().Services[0]
			service.ID, service.Name = strconv.Itoa(i), strconv.Itoa(i)
			service.Plans = []openbroker.Plan{{ID: fmt.Sprint("p", i), Name: "p", Description: "d"}}
			catalog.Services = append(catalog.Services, service)
		}
		handler := openbroker.NewHandler(&fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return catalog, nil }}, discardLog())
		request := newRequest(t, http.MethodGet, "/v2/catalog", "")
		return testing.AllocsPerRun(10, func() { handler.ServeHTTP(discardResponse{http.Header{}}, request) })
	}
	if small, large := allocations(1), allocations(500); large > small+1 {
		t.Errorf("%v allocations for 1 service, %v for 500", small, large)
	}
}

type discardResponse struct{ header http.Header }

func (d discardResponse) Header() http.Header       { return d.header }
func (discardResponse) Write(p []byte) (int, error) { return len(p), nil }
func (discardResponse) WriteHeader(int)             {}

func TestCatalogLookups(t *testing.T) {
	t.Parallel()
	catalog := testCatalog()
	service := catalog.Service(serviceID)
	if service == nil || catalog.Service("none") != nil || service.Plan(planID) == nil || service.Plan(foreignPlanID) != nil {
		t.Fatal("a lookup fails")
	}
	for id, want := range map[string]struct{ bindable, changeable bool }{
		planID: {true, true}, frozenPlanID: {true, false}, unbindablePlanID: {false, true}, "none": {true, true},
	} {
		if plan := service.Plan(id); service.PlanBindable(plan) != want.bindable || service.PlanChangeAllowed(plan) != want.changeable {
			t.Errorf("%s: %v, %v", id, service.PlanBindable(plan), service.PlanChangeAllowed(plan))
		}
	}
	paid := false
	if free := (&openbroker.Plan{}).IsFree(); !free || (&openbroker.Plan{Free: &paid}).IsFree() {
		t.Error("IsFree is wrong")
	}
}

func TestCatalogValidate(t *testing.T) {
	t.Parallel()
	if err := testCatalog().Validate(); err != nil {
		t.Error(err)
	}
	if err := (&openbroker.Catalog{}).Validate(); err != nil {
		t.Error("services may be empty:", err)
	}
	for part, breakIt := range map[string]func(*openbroker.Catalog){
		"services[0].id is empty":                    func(c *openbroker.Catalog) { c.Services[0].ID = "" },
		"services[0].name is empty":                  func(c *openbroker.Catalog) { c.Services[0].Name = "" },
		"services[1].description is empty":           func(c *openbroker.Catalog) { c.Services[1].Description = "" },
		"services[1].plans is empty":                 func(c *openbroker.Catalog) { c.Services[1].Plans = nil },
		"services[0].plans[1].id is empty":           func(c *openbroker.Catalog) { c.Services[0].Plans[1].ID = "" },
		"services[0].plans[1].name is empty":         func(c *openbroker.Catalog) { c.Services[0].Plans[1].Name = "" },
		"services[0].plans[1].description is empty":  func(c *openbroker.Catalog) { c.Services[0].Plans[1].Description = "" },
		`services[1]: service id "service-1" is`:     func(c *openbroker.Catalog) { c.Services[1].ID = serviceID },
		`services[1]: service name "database" is`:    func(c *openbroker.Catalog) { c.Services[1].Name = "database" },
		`services[1].plans[0]: plan id "plan-small"`: func(c *openbroker.Catalog) { c.Services[1].Plans[0].ID = planID },
		`services[0].plans[1]: plan name "small"`:    func(c *openbroker.Catalog) { c.Services[0].Plans[1].Name = "small" },
	} {
		catalog := testCatalog()
		breakIt(catalog)
		err := catalog.Validate()
		if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q alone, got %v", part, err)
		}
	}
	// Names are case-sensitive, and plans of different services may share a name.
	catalog := testCatalog()
	catalog.Services[1].Name = "Database"
	catalog.Services[1].Plans[0].Name = "small"
	if err := catalog.Validate(); err != nil {
		t.Error(err)
	}
	catalog.Services[0].ID, catalog.Services[1].Plans = "", nil
	if err := catalog.Validate(); strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want both problems, got %v", err)
	}
}

// TestCatalogLastModified: Last-Modified has the time of the handler's clock, in GMT.
func TestCatalogLastModified(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("x", 3600)
	s := serve(t, &fakeBroker{}, openbroker.WithClock(func() time.Time { return time.Date(2026, 5, 1, 0, 30, 0, 999, zone) }))
	if got := s.do(http.MethodGet, "/v2/catalog", "").header.Get("Last-Modified"); got != "Thu, 30 Apr 2026 23:30:00 GMT" {
		t.Error(got)
	}
}
