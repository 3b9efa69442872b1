// Package planvalues computes what a plan says about parameters, credentials and labels.
//
// It owns the fields of plans ([Fields]), their form, and the templates in them: text in
// the syntax of text/template, whose functions and data are fixed and checked. It reads
// no catalog, and knows no provider: its caller brings the fields of a plan and the data,
// and says at which position a [Problem] is.
//
// The package has an evaluator of its own for the syntax trees of text/template/parse,
// because package text/template prints "<no value>" for null, calls methods, has
// functions that cannot be taken away, shows values in its errors, and does not end if a
// template counts far enough.
package planvalues
