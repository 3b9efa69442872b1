package mysql_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/mysql"
)

// instanceOf returns an instance of the default catalog's plan small.
func instanceOf(t *testing.T, parameters string) durable.Instance {
	t.Helper()
	offered, err := mysql.Definition.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	service := &offered.Services[0]
	return durable.Instance{
		Platform: "default", ID: "i", Provider: "mysql", ServiceID: mysql.ServiceID, PlanID: mysql.SmallPlanID,
		Service: service, Plan: service.Plan(mysql.SmallPlanID), Parameters: openbroker.Parameters(parameters),
	}
}

// The provider refuses parameters itself, for handlers that do not validate them.
func TestParameters(t *testing.T) {
	t.Parallel()
	s := sharedServer(t, "mariadb")
	settings := s.settings()
	d, _, err := start(t, settings)
	if err != nil {
		t.Fatal(err)
	}
	const mode = `parameters.mode must be "rw" or "ro".`
	for parameters, want := range map[string]string{
		`{}`: "", `{"mode":"rw"}`: "", `{"mode":"ro"}`: "",
		`{"mode":"RW"}`: mode, `{"mode":""}`: mode, `{"mode":null}`: mode, `{"mode":["ro"]}`: mode,
		`{"Mode":"ro"}`:                         `parameters."Mode" is unknown: the parameters are ["mode"].`,
		`{"b":1,"a":"secret","mode":"ro"}`:      `parameters."a" is unknown: the parameters are ["mode"].`,
		`{"` + strings.Repeat("x", 99) + `":1}`: `parameters."` + strings.Repeat("x", 64) + `..." is unknown: the parameters are ["mode"].`,
	} {
		err := d.CheckBinding(t.Context(), durable.Binding{Instance: instanceOf(t, "{}"), ID: "b", Parameters: openbroker.Parameters(parameters)})
		var answer *openbroker.Error
		if (err == nil) != (want == "") || err != nil && (!errors.Is(err, openbroker.ErrInvalidParameters) || !errors.As(err, &answer) || answer.Description != want) {
			t.Errorf("%.40s: %v", parameters, err)
		}
	}
	if err := d.CheckInstance(t.Context(), instanceOf(t, "{}"), nil); err != nil {
		t.Errorf("an instance: %v", err)
	}
	if err := d.CheckInstance(t.Context(), instanceOf(t, `{"charset":"latin1"}`), nil); err == nil || !strings.Contains(err.Error(), `parameters."charset" is unknown: remove it`) {
		t.Errorf("an instance with parameters: %v", err)
	}
}

// An instance whose plan is gone has the limits that the plan had last.
func TestPlanGone(t *testing.T) {
	t.Parallel()
	s := sharedServer(t, "mariadb")
	s.inUse.Lock() // The bindings of other tests take room.
	defer s.inUse.Unlock()
	settings := s.settings()
	settings.Overcommit = 1
	d, _, err := start(t, settings)
	if err != nil {
		t.Fatal(err)
	}
	binding := durable.Binding{Instance: instanceOf(t, "{}"), ID: "b"}
	binding.Instance.Plan = nil
	if err := d.CheckBinding(t.Context(), binding); err == nil || !strings.Contains(err.Error(), "no longer has the plan") {
		t.Errorf("without plan and state: %v", err)
	}
	for limit, room := range map[string]bool{"5": true, "100000": false} {
		binding.Instance.State = json.RawMessage(`{"connection_limit":` + limit + `}`)
		if err := d.CheckBinding(t.Context(), binding); (err == nil) != room || err != nil && !errors.Is(err, openbroker.ErrServiceQuotaExceeded) {
			t.Errorf("with the limit %s: %v", limit, err)
		}
	}
}

// While the server is away, requests are answered with 503.
func TestRequestsWhileAway(t *testing.T) {
	t.Parallel()
	d, _, err := start(t, mysql.Settings{URL: "mysql://broker@127.0.0.1:1", Connections: 1, Overcommit: 1})
	if err != nil {
		t.Fatal(err)
	}
	instance := instanceOf(t, "{}")
	_, found := d.ResourceExists(t.Context(), instance)
	for what, err := range map[string]error{
		"provision": d.CheckInstance(t.Context(), instance, nil), "bind": d.CheckBinding(t.Context(), durable.Binding{Instance: instance, ID: "b"}), "find": found,
	} {
		if !errors.Is(err, openbroker.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: %v", what, err)
		}
	}
	lister, ok := d.Lister("mysql")
	if !ok {
		t.Fatal("the provider cannot list its resources")
	}
	for name, err := range lister.Resources(t.Context()) {
		if err == nil {
			t.Errorf("the provider lists %q", name)
		}
	}
}
