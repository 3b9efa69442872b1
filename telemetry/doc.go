// Package telemetry measures and traces brokers with OpenTelemetry: the requests of
// package openbroker, and the operations and the store of package durable. It also adds
// trace ids to log records.
//
// The package uses only the OpenTelemetry API. The program chooses the SDK and the
// exporters, and passes their providers to [New]. Command openbroker serves the metrics
// to Prometheus and sends metrics and traces by OTLP; docs/telemetry.md describes both.
//
// Metrics have the names of services and plans as attributes, and never ids,
// organizations or error texts. The number of series therefore depends on the catalog
// only.
package telemetry
