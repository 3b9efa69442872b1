package telemetry_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

func goVersion() string { return runtime.Version() }

// An encoder writes attributes as name=value, separated by commas.
type encoder struct{}

func (encoder) ID() attribute.EncoderID { return attribute.NewEncoderID() }

func (encoder) Encode(attributes attribute.Iterator) string {
	var parts []string
	for attributes.Next() {
		a := attributes.Attribute()
		parts = append(parts, string(a.Key)+"="+a.Value.String())
	}
	return strings.Join(parts, ",")
}

// await waits until a condition holds.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited too long for %s", what)
		}
	}
}
