//go:build clients

package redis_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Libraries of other languages work with the credentials. .ci/redis-clients installs them
// and runs this test.
func TestClients(t *testing.T) {
	for name, catalog := range map[string]string{"prefix": catalogWith("scripts: true", ""), "database": catalogWith("isolation: database, scripts: true", "")} {
		t.Run(name, func(t *testing.T) {
			forEachServer(t, func(t *testing.T, program string) {
				s := newServer(t, program).service()
				s.Catalog = catalog
				one := bind(t, s.Start(t), "i", nil)
				input, err := json.Marshal(one.credentials)
				if err != nil {
					t.Fatal(err)
				}
				command := exec.CommandContext(t.Context(), "node", "clients.mjs")
				command.Dir, command.Stdin = os.Getenv("OPENBROKER_REDIS_CLIENTS"), strings.NewReader(string(input))
				output, err := command.CombinedOutput()
				t.Logf("%s", output)
				if err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
