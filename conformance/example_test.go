package conformance_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/openbroker/openbroker/conformance"
)

func ExampleRun() {
	// A broker that has one service and answers all other requests with 404.
	broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/catalog" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"services": [{"id": "1b1c3b3e-2a5a-4c39-bd2a-0c4be7b3a4f1", "name": "queue",
			"description": "", "bindable": true, "plans": []}]}`))
	}))
	defer broker.Close()

	report, err := conformance.Run(context.Background(), conformance.Target{URL: broker.URL}, conformance.Options{
		Only:  []string{"catalog-200", "service-*"},
		Level: conformance.Must,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, result := range report.Results {
		if result.Outcome == conformance.Failed {
			fmt.Printf("%s %s: %s\n", result.Check.Level, result.Check.ID, result.Reason)
		}
	}
	fmt.Println("all MUSTs hold:", report.Holds(conformance.Must))
	// Output:
	// MUST service-description: service queue: description is ""
	// MUST service-plans: service queue: plans is an array of 0
	// all MUSTs hold: false
}

func ExampleChecks() {
	for _, check := range conformance.Checks() {
		if check.ID == "fetch-unknown-404" {
			fmt.Println(check.Level, check.Title)
			fmt.Println("expected:", check.Expected())
			fmt.Println(check.Clause.Document, check.Clause.Section+":", check.Clause.Says)
		}
	}
	// Output:
	// MUST A fetch of an unknown instance is answered with 404.
	// expected: status 404
	// spec.md Fetching a Service Instance: The answer is 404 if the instance does not exist.
}
