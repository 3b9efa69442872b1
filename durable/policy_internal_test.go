package durable

import (
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	polling := 600
	zero := 0
	c := Config{
		DefaultPolicy: Policy{Attempts: 7, Mode: ModeSynchronous},
		Policies: map[string]Policy{
			"own":  {Mode: ModeAsynchronous, Deadline: time.Minute, Attempts: 2},
			"bind": {BindingMode: ModeAutomatic},
		},
	}.withDefaults()
	for _, test := range []struct {
		name, plan string
		in         *openbroker.Plan
		want       Policy
	}{
		{"the default policy", "other", nil, Policy{Mode: ModeSynchronous, BindingMode: ModeSynchronous, Deadline: time.Hour, Attempts: 7}},
		{"the plan's polling duration", "other", &openbroker.Plan{MaximumPollingDuration: &polling}, Policy{Mode: ModeSynchronous, BindingMode: ModeSynchronous, Deadline: 10 * time.Minute, Attempts: 7}},
		{"a polling duration of 0", "other", &openbroker.Plan{MaximumPollingDuration: &zero}, Policy{Mode: ModeSynchronous, BindingMode: ModeSynchronous, Deadline: time.Hour, Attempts: 7}},
		{"the policy of the plan", "own", &openbroker.Plan{MaximumPollingDuration: &polling}, Policy{Mode: ModeAsynchronous, BindingMode: ModeAsynchronous, Deadline: time.Minute, Attempts: 2}},
		{"the mode of bindings", "bind", nil, Policy{Mode: ModeSynchronous, BindingMode: ModeAutomatic, Deadline: time.Hour, Attempts: 7}},
	} {
		want := test.want
		want.SyncWait, want.BackoffMin, want.BackoffMax = time.Second, time.Second, time.Minute
		want.Cleanup, want.RemainingBindings = CleanupAutomatic, RemainingBindingsUnbind
		if got := c.policy(test.plan, test.in); got != want {
			t.Errorf("%s: %+v, want %+v", test.name, got, want)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	p := Policy{BackoffMin: time.Second, BackoffMax: 10 * time.Second}
	for failures, want := range []time.Duration{time.Second, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second} {
		if got := p.backoff(failures); got != want {
			t.Errorf("after %d failures %v, want %v", failures, got, want)
		}
	}
	if got := p.backoff(1_000_000); got != 10*time.Second {
		t.Errorf("after very many failures %v", got)
	}
	if got := (Policy{BackoffMin: time.Minute, BackoffMax: time.Second}).backoff(1); got != time.Second {
		t.Errorf("the pause is %v, longer than the longest", got)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	err := Config{
		Workers: -1, Lease: -1, SweepInterval: -1,
		DefaultPolicy: Policy{Mode: "sometimes"},
		Policies: map[string]Policy{
			"b": {Deadline: -1}, "a": {Cleanup: "never"}, "c": {RemainingBindings: "keep"}, "d": {BindingMode: "never"}, "e": {Attempts: -1},
		},
	}.validate()
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"sealer is missing", "workers is -1", "lease is -1ns", "sweep_interval is -1ns", `default_policy.mode is "sometimes": it must be one of ["automatic" "synchronous" "asynchronous"]`,
		`policies["a"].cleanup`, `policies["b"].deadline is -1ns`, `policies["c"].remaining_bindings`, `policies["d"].binding_mode`, `policies["e"].attempts is -1`,
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("the error is\n%v", err)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("%s, want %s", lines[i], want[i])
		}
	}
}

func TestResourceNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, name := range []string{
		Instance{Platform: "p", ID: "i"}.ResourceName(), Instance{Platform: "pi", ID: ""}.ResourceName(), Instance{Platform: "", ID: "pi"}.ResourceName(),
		Binding{Instance: Instance{Platform: "p", ID: "i"}, ID: ""}.ResourceName(), Binding{Instance: Instance{Platform: "p"}, ID: "i"}.ResourceName(),
	} {
		if len(name) != 29 || !strings.HasPrefix(name, "ob-") || strings.ToLower(name) != name {
			t.Errorf("the name is %q", name)
		}
		names[name] = true
	}
	if len(names) != 5 {
		t.Errorf("the names are %v", names)
	}
	// It must never change, because resources have the name.
	if name := (Instance{Platform: "default", ID: "i-1"}).ResourceName(); name != "ob-2gjwstnpp2nwzd7e57he5hc4hp" {
		t.Errorf("the name is %q", name)
	}
}
