package main

import (
	"log/slog"
	"testing"

	"github.com/openbroker/openbroker/brokertest"
)

// The broker follows the specification, on every plan.
func TestConformance(t *testing.T) {
	t.Parallel()
	b, err := open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	brokertest.Run(t, brokertest.Broker(b))
}
