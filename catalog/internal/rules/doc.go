// Package rules has the rules for catalogs: the requirements and recommendations of the
// specification, its profile and the platforms, as data, each with its check.
//
// It owns the rules and their order, and makes a [Finding] of each violation. It does not
// read files: package source does. It does not refuse catalogs: package catalog does if
// an error holds on every platform, and package lint returns all findings.
package rules
