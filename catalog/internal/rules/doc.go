// Package rules has the rules for catalogs: what the specification, its profile and the
// platforms demand and recommend, as data with a check each.
//
// It owns the rules and their order, and makes a [Finding] of each violation. It does not
// read files: package source does. It decides nothing: package catalog refuses catalogs
// with errors that hold on every platform, and package lint returns all findings.
package rules
