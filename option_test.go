package openbroker_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

const bodyWithoutPlace = `{"service_id":"service-1","plan_id":"plan-small"}`

func TestWithoutOrganizationCheck(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{}, openbroker.WithoutOrganizationCheck())
	s.do(http.MethodPut, instancePath, bodyWithoutPlace).wantBody(t, http.StatusCreated, "{}")
}

func TestWithMaxBodySize(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker, openbroker.WithMaxBodySize(int64(len(provisionBody))))
	s.do(http.MethodPut, instancePath, provisionBody).wantBody(t, http.StatusCreated, "{}")
	s.do(http.MethodPut, instancePath, provisionBody+" ").wantError(t, http.StatusRequestEntityTooLarge)
}

// NewHandler warns once without an authenticator and without version checks.
func TestWarnings(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := openbroker.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
	openbroker.NewHandler(&fakeBroker{}, logger, openbroker.WithoutVersionCheck())
	for _, part := range []string{"level=WARN", "authentication", "version"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("no %q in %s", part, log.String())
		}
	}
	log.Reset()
	openbroker.NewHandler(&fakeBroker{}, logger, openbroker.WithAuthenticator(authenticatorFunc(basicAuth)))
	if log.Len() > 0 {
		t.Error(log.String())
	}
}
