package main_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/simulator"
)

// The environment variables of openbrokerapi switch checks off: "true" in any case.
func TestEnvironmentSwitchesChecksOff(t *testing.T) {
	t.Parallel()
	incomplete := map[string]any{"service_id": simulator.ServiceID, "plan_id": simulator.SyncPlanID}
	for name, c := range map[string]struct {
		start              func(t *testing.T, directory string, environment []string, args ...string) *process
		value              string
		body               map[string]any
		catalog, provision int
	}{
		"serve":        {serve, "true", map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.SmallPlanID}, 200, 201},
		"simulate":     {simulate, "True", incomplete, 200, 201},
		"another word": {simulate, "1", incomplete, 400, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := c.start(t, t.TempDir(), []string{"DISABLE_VERSION_CHECK=" + c.value, "DISABLE_SPACE_ORG_GUID_CHECK=" + c.value})
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/v2/catalog", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.SetBasicAuth(p.username, p.password)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != c.catalog {
				t.Errorf("without a version: got %d, want %d", response.StatusCode, c.catalog)
			}
			p.expect(c.provision, "PUT", instance, c.body)
			p.stop()
		})
	}
}
