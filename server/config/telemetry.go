package config

import (
	"cmp"
	"strings"

	"github.com/openbroker/openbroker/server"
)

// Telemetry configures the metrics.
type Telemetry struct {
	Listen        string   `yaml:"listen" doc:"host:port that serves /metrics, /healthz and /readyz over plain HTTP without a login, such as 127.0.0.1:9090; nothing does by default"`
	CountInterval Duration `yaml:"count_interval" default:"15s" doc:"how often instances and bindings are counted at most; a count that takes long is followed by a pause of twenty times its length"`
}

func (t *Telemetry) check(report reporter, listen string) {
	if t.Listen == "" {
		return
	}
	if err := CheckListen(t.Listen); err != nil {
		report("telemetry.listen", "%v", err)
	}
	if t.Listen == cmp.Or(listen, server.DefaultAddress) && !strings.HasSuffix(t.Listen, ":0") {
		report("telemetry.listen", "is the address of the broker: choose another port")
	}
}
