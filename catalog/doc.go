// Package catalog reads, checks and builds the catalogs of service brokers: the
// answer to GET /v2/catalog (spec.md, "Catalog Management").
//
// [Load] reads a catalog that people write, in YAML or JSON, in one file or in a
// directory of them. A [Source] knows where in its files each value is, so
// that all that is wrong is told with file, line and column. [Source.Catalog]
// turns it into what a broker serves.
//
// [Lint] holds a Source to [Rules]: what the specification and its profile
// demand and recommend, and what platforms refuse or misread beyond that. [New]
// and [Check] do the same for catalogs that are written in Go.
//
// A [Validator] checks the parameters of requests against the schemas in a
// catalog.
//
// The package does not keep catalogs, and does not serve them: that is the part
// of openbroker.NewHandler.
package catalog
