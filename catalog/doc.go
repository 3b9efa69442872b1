// Package catalog loads, builds, compares and documents the catalogs of service brokers:
// the response to GET /v2/catalog (spec.md, "Catalog Management").
//
// [Load] reads a catalog from YAML or JSON, in one file or in a directory, and reports
// each fault with file, line and column. [Build] and [Validate] are for catalogs that are
// written in Go. A [Source] is the text of a catalog with its positions.
//
// [Diff] lists the differences between two versions, and whether they break instances. A
// [Watcher] applies changes of the files to a running broker. [WriteMarkdown] writes a
// page for users. [SchemaOf] generates the schema of parameters from a struct, and a
// [Validator] checks parameters of requests against the schemas.
//
// Package lint has the rules, for the platforms as well. This package does not serve
// catalogs: openbroker.NewHandler does.
package catalog
