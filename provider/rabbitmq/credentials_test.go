package rabbitmq_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/openbroker/openbroker/provider/rabbitmq"
)

var update = flag.Bool("update", false, "write the golden files")

// What applications get, as JSON.
func TestCredentials(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change    func(*rabbitmq.Settings)
		dashboard bool
	}{
		"one_node": {func(*rabbitmq.Settings) {}, true},
		"cluster": {func(s *rabbitmq.Settings) {
			s.URL, s.AMQP = "https://a:b@r1.example.com,r2.example.com:443/mq", "amqps://r1.example.com,[fd00::2]:5999"
		}, true},
		"behind_a_name": {func(s *rabbitmq.Settings) { s.Dashboard = "https://rabbit.example.com/ui/" }, true},
		"no_dashboard":  {func(*rabbitmq.Settings) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t)
			test.change(s)
			made, err := rabbitmq.CredentialsOf(*s, test.dashboard)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(made, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", name+".json"), string(text)+"\n")
		})
	}
}

// golden compares text with a golden file, which -update writes.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
