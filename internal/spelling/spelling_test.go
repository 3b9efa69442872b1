package spelling_test

import (
	"testing"

	"github.com/openbroker/openbroker/internal/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"listen", "log", "max_connections", "serve", "simulate"}
	for name, want := range map[string]string{
		"lisen": "listen", "Listen": "listen", "maxConnections": "max_connections", "max-conections": "max_connections",
		"sreve": "serve", "simulator": "simulate", "lgo": "log", "xy": "", "": "", "provide": "", "lint": "",
	} {
		if got := spelling.Nearest(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
