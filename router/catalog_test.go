package router_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/router"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	renamed := func(c *openbroker.Catalog, change func(*openbroker.Service)) *openbroker.Catalog {
		change(&c.Services[0])
		return c
	}
	for name, test := range map[string]struct {
		brokers []openbroker.Broker
		parts   []string
	}{
		"nothing": {nil, []string{"at least one"}},
		"nil":     {[]openbroker.Broker{&stub{catalog: catalogWith("a")}, nil}, []string{"broker 1 is nil"}},
		"service id": {
			[]openbroker.Broker{&stub{catalog: catalogWith("x", "a")}, &stub{catalog: renamed(catalogWith("b"), func(s *openbroker.Service) { s.ID = "a-id" })}},
			[]string{`service id "a-id"`, `service "a" (id "a-id") of broker 0`, `service "b" (id "a-id") of broker 1`},
		},
		"service name": {
			[]openbroker.Broker{&stub{catalog: catalogWith("a")}, &stub{catalog: renamed(catalogWith("b"), func(s *openbroker.Service) { s.Name = "a" })}},
			[]string{`service name "a"`, `service "a" (id "a-id") of broker 0`, `service "a" (id "b-id") of broker 1`},
		},
		"plan id": {
			[]openbroker.Broker{&stub{catalog: catalogWith("a")}, &stub{catalog: renamed(catalogWith("b"), func(s *openbroker.Service) { s.Plans[0].ID = "a-plan" })}},
			[]string{`plan id "a-plan"`, `plan "plan" of service "a" (id "a-id") of broker 0`, `plan "plan" of service "b" (id "b-id") of broker 1`},
		},
		"all of them": {
			[]openbroker.Broker{&stub{catalog: catalogWith("a")}, &stub{catalog: catalogWith("a")}},
			[]string{"service id", "service name", "plan id"},
		},
		"extension": {
			[]openbroker.Broker{
				&stub{catalog: &openbroker.Catalog{Extensions: openbroker.Extensions{"x": json.RawMessage("1")}}},
				&stub{catalog: &openbroker.Catalog{Extensions: openbroker.Extensions{"x": json.RawMessage("2")}}},
			},
			[]string{`"x"`, "broker 1"},
		},
		"catalog error": {
			[]openbroker.Broker{&stub{catalog: catalogWith("a")}, &stub{catalogOf: func() (*openbroker.Catalog, error) { return nil, openbroker.ErrUnavailable }}},
			[]string{"broker 1", openbroker.ErrUnavailable.Error()},
		},
		"nil catalog": {[]openbroker.Broker{&stub{}}, []string{"broker 0", "nil"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := router.New(t.Context(), test.brokers...)
			if err == nil || r != nil {
				t.Fatalf("got %v, %v", r, err)
			}
			for _, part := range test.parts {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %s: %v", part, err)
				}
			}
		})
	}
}

func TestCatalogIsComplete(t *testing.T) {
	t.Parallel()
	var first, second openbroker.Catalog
	for document, c := range map[string]*openbroker.Catalog{
		`{"x-one":1,"x-both":[],"services":[{"id":"a","name":"a","description":"d","bindable":true,"x-service":{"k":1},"plans":[{"id":"ap","name":"p","description":"d","x-plan":true}]}]}`: &first,
		`{"x-two":"2","x-both":[],"services":[{"id":"b","name":"b","description":"d","bindable":true,"metadata":{"x-meta":"m"},"plans":[{"id":"bp","name":"p","description":"d"}]}]}`:       &second,
	} {
		if err := json.Unmarshal([]byte(document), c); err != nil {
			t.Fatal(err)
		}
	}
	status, body := send(t, "GET", serve(t, &stub{catalog: &first}, &stub{catalog: &second})+"/v2/catalog", "")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	for _, part := range []string{`"id":"a"`, `"id":"b"`, `"x-one":1`, `"x-two":"2"`, `"x-both":[]`, `"x-service":{"k":1}`, `"x-plan":true`, `"x-meta":"m"`} {
		if !strings.Contains(body, part) {
			t.Errorf("the catalog lacks %s: %s", part, body)
		}
	}
}

func TestCatalogChanges(t *testing.T) {
	t.Parallel()
	a, b := pair()
	current, failure := b.catalog, error(nil)
	b.catalogOf = func() (*openbroker.Catalog, error) { return current, failure }
	r, err := router.New(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	get := func() (*openbroker.Catalog, error) { return r.Catalog(t.Context()) }
	before, err := get()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := get(); again != before {
		t.Error("the catalog has changed, but no broker's catalog has")
	}

	// A new service is in the catalog and routed immediately.
	current = catalogWith("b1", "b2", "b3")
	if _, err := r.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: "ib", ServiceID: "b3-id"}); err != nil || len(a.takeCalls()) > 0 {
		t.Errorf("the new service is not routed: %v", err)
	}
	after, err := get()
	if err != nil || after == before || after.Service("b3-id") == nil || before.Service("b3-id") != nil {
		t.Errorf("the new service is not in the catalog: %v", err)
	}

	// A catalog that cannot be read is an error, but polls continue to work.
	failure = openbroker.ErrUnavailable
	if c, err := get(); c != nil || !errors.Is(err, openbroker.ErrUnavailable) {
		t.Errorf("got %v, %v", c, err)
	}
	if _, err := r.LastOperation(t.Context(), &openbroker.LastOperationRequest{InstanceID: "ia", Operation: "~a-id~"}); err != nil {
		t.Errorf("LastOperation depends on the catalog of another broker: %v", err)
	}
	if _, err := r.Deprovision(t.Context(), &openbroker.DeprovisionRequest{InstanceID: "ia", ServiceID: "perhaps-new"}); !errors.Is(err, openbroker.ErrUnavailable) {
		t.Errorf("Deprovision of an unknown service did not read the catalogs: %v", err)
	}

	// A catalog that conflicts with another one is an error, too.
	current, failure = catalogWith("a"), nil
	if _, err := get(); err == nil || !strings.Contains(err.Error(), "used twice") {
		t.Errorf("got %v", err)
	}
	current = b.catalog
	if _, err := get(); err != nil {
		t.Errorf("the router did not recover: %v", err)
	}
}

//nolint:paralleltest // AllocsPerRun counts what other goroutines allocate, too.
func TestCatalogAllocatesNothing(t *testing.T) {
	brokers := make([]openbroker.Broker, 50)
	for i := range brokers {
		brokers[i] = &stub{catalog: catalogWith(fmt.Sprintf("s%d", i))}
	}
	r, err := router.New(t.Context(), brokers...)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { _, _ = r.Catalog(ctx) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Goroutines that see the same change get the same catalog.
func TestConcurrentChange(t *testing.T) {
	t.Parallel()
	const readers = 8
	a, b := pair()
	changed := catalogWith("new")
	r, err := router.New(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	var reading, done sync.WaitGroup
	reading.Add(readers)
	b.catalogOf = func() (*openbroker.Catalog, error) {
		reading.Done()
		reading.Wait() // All goroutines have seen the old catalog of a before one continues.
		return changed, nil
	}
	found := make([]*openbroker.Catalog, readers)
	for i := range readers {
		done.Go(func() { found[i], _ = r.Catalog(t.Context()) })
	}
	done.Wait()
	for _, c := range found {
		if c == nil || c != found[0] {
			t.Error("the same change yielded two catalogs")
		}
	}
}
