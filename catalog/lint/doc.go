// Package lint checks catalogs against more than 100 rules: what the specification and
// its profile demand and recommend, and what platforms refuse or misread beyond that.
//
// [Run] checks the text of a catalog, a [catalog.Source], for some platforms or for all.
// [Rules] lists the rules, each with its clause.
//
// The package does not read files, and does not decide what a broker may serve: package
// catalog does both, with the rules that are errors on every platform.
package lint
