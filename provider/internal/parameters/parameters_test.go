package parameters_test

import (
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

func TestMode(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		`{}`: "rw", `{"mode": "rw"}`: "rw", `{"mode": "ro"}`: "ro", `{"mode": "ro", "ttl": 1}`: "ro",
		`{"mode": "RO"}`: `parameters.mode must be "rw" or "ro".`,
		`{"mode": null}`: `parameters.mode must be "rw" or "ro".`,
		`{"mode": 1}`:    `parameters.mode must be "rw" or "ro".`,
		`{"Mode": "ro"}`: `parameters."Mode" is unknown: the parameters are ["mode" "ttl"].`,
		`{"` + strings.Repeat("x", 70) + `": true}`: `parameters."` + strings.Repeat("x", 64) + `..." is unknown`,
	} {
		mode, err := parameters.Mode(openbroker.Parameters(given), "ttl")
		if err != nil {
			mode = err.Error()
		}
		if mode != want && (err == nil || !strings.Contains(mode, want)) {
			t.Errorf("%s: %s, want %s", given, mode, want)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	if mode, err := parameters.Mode(nil); mode != parameters.ReadWrite || err != nil {
		t.Errorf("without parameters, the mode is %q, %v", mode, err)
	}
	if _, err := parameters.Fields(openbroker.Parameters(`{"size": 1}`)); err == nil || !strings.Contains(err.Error(), `parameters."size" is unknown: remove it`) {
		t.Errorf("a service without parameters: %v", err)
	}
	fields, err := parameters.Fields(openbroker.Parameters(`{"size": 12345678901234567890}`), "size")
	if err != nil || string(fields["size"]) != "12345678901234567890" {
		t.Errorf("the fields are %s, %v", fields, err)
	}
}
