// Package exporters puts the OpenTelemetry SDK and its exporters together for a process:
// Prometheus at a listener of its own, and OTLP over HTTP by the OTEL_* environment
// variables. Package telemetry says what is measured.
package exporters
