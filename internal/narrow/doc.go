// Package narrow tells whether a JSON Schema accepts everything that another one
// accepted. It errs on one side only: if it finds nothing, every value that the
// old schema accepts is accepted by the new one, whatever the drafts, from 04 to
// 2020-12. What it cannot prove it reports, marked as unproven.
//
// The new schema is a conjunction of keywords. For each, the old schema has to
// imply it: by the same keyword, at least as strict, or because it accepts no
// values of the type that the keyword is about. allOf and local references are
// taken apart into one conjunction; anyOf is looked for by cases. The work is
// bounded, so that a hostile schema costs no more than being told that nothing can
// be told about it.
//
// It does not check whether a schema is valid: what it does not understand it
// takes for equal only if it is written the same way.
package narrow
