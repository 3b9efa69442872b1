// Package lint checks catalogs against more than 100 rules: the requirements and
// recommendations of the specification and its profile, and what platforms refuse or
// misread beyond these.
//
// [Run] checks the text of a catalog, a [catalog.Source], for some platforms or for all.
// [Rules] lists the rules, each with its clause.
//
// The package does not read files, and does not decide what a broker may serve: package
// catalog does both, with the rules that are errors on every platform.
package lint
