package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/message"
)

var update = flag.Bool("update", false, "write the golden files")

var _ message.Task = (*durable.Task)(nil)

// attempt is a task.
type attempt struct {
	checkpoint string
	err        error
}

func (attempt) ID() string        { return "op-1" }
func (attempt) Attempt() int      { return 2 }
func (attempt) Generation() int64 { return 9007199254740993 }

func (a attempt) Load(v any) (bool, error) {
	if a.err != nil || a.checkpoint == "" {
		return false, a.err
	}
	return true, json.Unmarshal([]byte(a.checkpoint), v)
}

// digits is a number that a float64 cannot hold.
const digits = "12345678901234567890.10"

func instance() durable.Instance {
	return durable.Instance{
		Platform: "cf", ID: "a/b <&>", ServiceID: "s", PlanID: "p",
		Service:          &openbroker.Service{ID: "s", Name: "service"},
		Plan:             &openbroker.Plan{ID: "p", Name: "plan"},
		Context:          openbroker.PlatformContext{Platform: "kubernetes", Raw: json.RawMessage(`{"platform":"kubernetes","n":` + digits + `}`)},
		OrganizationGUID: "org", SpaceGUID: "space",
		Parameters:      openbroker.Parameters(`{"size":` + digits + `,"text":"<&>"}`),
		MaintenanceInfo: &openbroker.MaintenanceInfo{Version: "1.2.3"},
		State:           json.RawMessage(`{"port":` + digits + `}`),
		Provider:        "blue",
		PlanSettings:    json.RawMessage(`{"disk":` + digits + `}`),
	}
}

// The wire form of each request.
func TestRequests(t *testing.T) {
	t.Parallel()
	deadline := time.Date(2030, 1, 2, 3, 4, 5, 678_999_000, time.FixedZone("", 3600))
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	task := attempt{checkpoint: `{"step":` + digits + `}`}
	binding := durable.Binding{
		Instance: instance(), ID: "b", AppGUID: "app",
		BindResource: &openbroker.BindResource{AppGUID: "app", Raw: json.RawMessage(`{"app_guid":"app","x":` + digits + `}`)},
		Context:      openbroker.PlatformContext{Platform: "kubernetes"},
		Parameters:   openbroker.Parameters(`{"mode":"ro"}`), PredecessorID: "a", State: json.RawMessage(`["x"]`),
	}
	retired := durable.Instance{ID: "i", Platform: "default", ServiceID: "s", PlanID: "p"}
	moved := instance()
	moved.PlanSettings = json.RawMessage("null")
	plain := durable.Instance{ID: "i", Platform: "default", Service: new(openbroker.Service), Plan: new(openbroker.Plan)}
	var got bytes.Buffer
	for _, build := range []func() (*message.Request, error){
		func() (*message.Request, error) {
			return message.ForInstance(ctx, message.Provision, task, instance())
		},
		func() (*message.Request, error) {
			return message.ForUpdate(ctx, message.Update, attempt{}, instance(), plain)
		},
		func() (*message.Request, error) {
			return message.ForInstance(ctx, message.Deprovision, attempt{}, retired)
		},
		func() (*message.Request, error) {
			return message.ForInstance(ctx, message.Deprovision, attempt{}, moved)
		},
		func() (*message.Request, error) { return message.ForBinding(ctx, message.Bind, task, binding) },
		func() (*message.Request, error) {
			return message.ForBinding(t.Context(), message.Check, nil, durable.Binding{Instance: plain})
		},
		func() (*message.Request, error) { return message.NewRequest(t.Context(), message.List, nil) },
	} {
		r, err := build()
		if err != nil {
			t.Fatal(err)
		}
		r.CallbackURL = "https://broker.test/callbacks/blue"
		r.Provider, r.Secrets = "blue", map[string]string{"password": "p<w"}
		encoded, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(encoded, []byte("\n")) != 1 {
			t.Errorf("it is not one line: %q", encoded)
		}
		validate(t, "request", encoded)
		got.Write(encoded)
	}
	if *update {
		if err := os.WriteFile("testdata/requests.jsonl", got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/requests.jsonl")
	if err != nil || got.String() != string(want) {
		t.Errorf("testdata/requests.jsonl, %v, got\n%s", err, got.Bytes())
	}
}

func TestCheckpointThatCannotBeLoaded(t *testing.T) {
	t.Parallel()
	failed := errors.New("sealed")
	if _, err := message.ForBinding(t.Context(), message.Unbind, attempt{err: failed}, durable.Binding{}); !errors.Is(err, failed) {
		t.Error(err)
	}
}

// Each form in which a program prints a secret is hidden, also when the text is cut.
func TestMasker(t *testing.T) {
	t.Parallel()
	var m message.Masker
	m.Request(&message.Request{
		Instance:   &message.Instance{Parameters: json.RawMessage(`{"pass":"s3cr&t","short":"rw","n":[1234,{"k":"inner-one"}]}`), State: json.RawMessage(`"state-one"`)},
		Previous:   &message.Instance{Parameters: json.RawMessage(`{"p":"before-it"}`)},
		Binding:    &message.Binding{Parameters: json.RawMessage(`{"b":"binding-parameter"}`), State: json.RawMessage(`{"u":"binding-state"}`)},
		Checkpoint: json.RawMessage(`{"c":"checkpoint-one"}`), Secrets: map[string]string{"k": "line one\nline \"two\""},
	})
	m.Answer(&message.Answer{
		Credentials: openbroker.Credentials{"password": "made-now", "list": []any{"in-list"}}, State: json.RawMessage(`["made-state"]`),
		SyslogDrainURL: "syslog://u:p@h", VolumeMounts: []openbroker.VolumeMount{{Device: openbroker.VolumeDevice{MountConfig: map[string]any{"k": "mount-secret"}}}},
	})
	for _, text := range []string{
		"s3cr&t", "s3cr%26t", `s3cr\u0026t`, "czNjciZ0", "inner-one", "state-one", "before-it", "binding-parameter", "binding-state",
		"checkpoint-one", "line one", `line "two"`, `line \"two\"`, "line+%22two%22", "line%20%22two%22",
		"made-now", "in-list", "made-state", "syslog://u:p@h", "mount-secret",
	} {
		if got := m.Mask("x "+text+" y", false); got != "x [redacted] y" {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := m.Mask("rw of 1234", false); got != "rw of 1234" {
		t.Error(got)
	}
	if got := m.Mask("password: made-no", true); got != "password: " {
		t.Errorf("%q", got)
	}
	if got := new(message.Masker).Mask("any", true); got != "any" {
		t.Error(got)
	}
	var long message.Masker
	long.Text("pass")
	long.Text("password")
	if got := long.Mask("password", false); got != "[redacted]" {
		t.Error(got)
	}
	if got := long.Mask(strings.Repeat("pass", 2), false); got != "[redacted][redacted]" {
		t.Error(got)
	}
}
