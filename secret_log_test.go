package openbroker_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestRequestsAreLoggedByID(t *testing.T) {
	t.Parallel()
	secret := openbroker.Parameters(`{"password":"hunter2"}`)
	for name, value := range map[string]any{
		"provision":    &openbroker.ProvisionRequest{InstanceID: "i-1", Parameters: secret, Body: secret},
		"update":       &openbroker.UpdateRequest{InstanceID: "i-1", Parameters: secret, Body: secret},
		"bind":         &openbroker.BindRequest{InstanceID: "i-1", BindingID: "b-1", Parameters: secret, Body: secret},
		"get instance": &openbroker.GetInstanceResponse{PlanID: "i-1", Parameters: secret},
		"bound":        &openbroker.BindResponse{Operation: "i-1", Credentials: openbroker.Credentials{"password": "hunter2"}},
		"get binding":  &openbroker.GetBindingResponse{Credentials: openbroker.Credentials{"password": "hunter2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			slog.New(slog.NewJSONHandler(&out, nil)).LogAttrs(t.Context(), slog.LevelInfo, "value", slog.Any("value", value))
			if strings.Contains(out.String(), "hunter2") {
				t.Errorf("a secret is in the log: %s", out.String())
			}
			if name != "get binding" && !strings.Contains(out.String(), "i-1") {
				t.Errorf("the id is missing: %s", out.String())
			}
		})
	}
}
