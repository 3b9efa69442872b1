// Package rules has the rules for catalogs: what the specification, its profile and the
// platforms demand and recommend, as data with a check each.
//
// It owns the rules, their order, and the way from a violation to a [Finding]. It does
// not read files, which is the part of package source, and has no API of its own:
// package catalog uses the rules that hold everywhere, to refuse a catalog, and package
// lint shows all of them.
package rules
