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

// The environment variables of openbrokerapi: "true" in any case counts.
func TestEnvironmentVersionCheck(t *testing.T) { //nolint:paralleltest // It sets the environment.
	for value, status := range map[string]int{"true": http.StatusOK, "True": http.StatusOK, "1": http.StatusBadRequest, "": http.StatusBadRequest} {
		t.Setenv("DISABLE_VERSION_CHECK", value)
		if a := serve(t, &fakeBroker{}).do(http.MethodGet, "/v2/catalog", "", "-X-Broker-API-Version"); a.status != status {
			t.Errorf("%q: got %d", value, a.status)
		}
	}
}

func TestEnvironmentOrganizationCheck(t *testing.T) { //nolint:paralleltest // It sets the environment.
	for value, status := range map[string]int{"true": http.StatusCreated, "True": http.StatusCreated, "1": http.StatusBadRequest, "": http.StatusBadRequest} {
		t.Setenv("DISABLE_SPACE_ORG_GUID_CHECK", value)
		if a := serve(t, &fakeBroker{}).do(http.MethodPut, instancePath, bodyWithoutPlace); a.status != status {
			t.Errorf("%q: got %d %s", value, a.status, a.body)
		}
	}
}

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

// Without an authenticator, and without version checks, there is a warning once.
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
