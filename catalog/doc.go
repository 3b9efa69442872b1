// Package catalog loads, builds, compares and documents the catalogs of service brokers:
// the response to GET /v2/catalog (spec.md, "Catalog Management").
//
// [Load] reads a catalog from YAML or JSON, in one file or in a directory, and reports
// each fault with file, line and column. [Build] and [Validate] are for catalogs that are
// written in Go. A [Source] is the text of a catalog with its positions.
//
// [Diff] says what differs between two versions, and whether that breaks instances. A
// [Watcher] takes over changes of the files. [WriteMarkdown] writes a page for users.
// [SchemaOf] makes the schema of parameters of a struct, and a [Validator] checks
// parameters of requests against the schemas.
//
// Package lint has the rules, for the platforms as well. This package does not serve
// catalogs: openbroker.NewHandler does.
package catalog
