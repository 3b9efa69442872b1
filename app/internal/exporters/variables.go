package exporters

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
)

// variables are what the OTEL_* environment variables ask for. The exporters and the SDK
// read the further ones themselves.
type variables struct{ metrics, traces bool }

// readVariables returns an error for values that the exporters would ignore.
func readVariables(get func(string) string) (v variables, err error) {
	if strings.EqualFold(get("OTEL_SDK_DISABLED"), "true") {
		return v, nil
	}
	if v.traces, err = readSignal(get, "TRACES"); err != nil {
		return v, err
	}
	v.metrics, err = readSignal(get, "METRICS")
	return v, err
}

func readSignal(get func(string) string, signal string) (exported bool, err error) {
	name := "OTEL_" + signal + "_EXPORTER"
	switch exporter := get(name); exporter {
	case "otlp":
		exported = true
	case "none":
		return false, nil
	case "":
		exported = get("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || get("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
	default:
		return false, fmt.Errorf("%s is %q: it must be otlp or none", name, exporter)
	}
	if !exported {
		return false, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT"} {
		if err := checkEndpoint(name, get(name)); err != nil {
			return false, err
		}
	}
	names := []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"}
	protocol := cmp.Or(get(names[0]), get(names[1]), "http/protobuf")
	if protocol != "http/protobuf" {
		if get(names[0]) == "" {
			names[0] = names[1]
		}
		return false, fmt.Errorf("%s is %q: it must be http/protobuf, which collectors usually accept at port 4318", names[0], protocol)
	}
	return true, nil
}

// checkEndpoint does not repeat the value, which may contain a password.
func checkEndpoint(name, value string) error {
	if value == "" {
		return nil
	}
	endpoint, err := url.Parse(value)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return fmt.Errorf("%s must be a URL such as http://127.0.0.1:4318", name)
	}
	return nil
}

// errorPause is the pause between log records about exports that fail.
const errorPause = time.Minute

// handleErrors logs errors of the SDK, not more than one each minute: while a collector
// is away, each batch fails. The SDK has one error handler for the process.
func handleErrors(logger *slog.Logger) {
	var lock sync.Mutex
	var last time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		lock.Lock()
		defer lock.Unlock()
		if !last.IsZero() && time.Since(last) < errorPause {
			return
		}
		last = time.Now()
		logger.LogAttrs(context.Background(), slog.LevelWarn, "telemetry is incomplete", slog.String("error", err.Error()))
	}))
}
