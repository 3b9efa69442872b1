package specimen_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func newBroker(t *testing.T, config specimen.Config) http.Handler {
	t.Helper()
	broker, err := specimen.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return broker
}

// send sends one request as a platform does.
func send(t *testing.T, broker http.Handler, method, target, body string) (status int, answer string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "http://broker.example.com"+target, strings.NewReader(body))
	request.SetBasicAuth(specimen.Username, specimen.Password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	recorder := httptest.NewRecorder()
	broker.ServeHTTP(recorder, request)
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}
