// Package narrow finds the places where a JSON Schema may be narrower than another one. It
// errs on the safe side: without a finding, the new schema accepts every value that the old
// one accepts, in any drafts from 04 to 2020-12. It marks findings that it cannot prove.
//
// The new schema is a conjunction of keywords, each of which the old schema must imply: by
// the same keyword, at least as strict, or by refusing all values of the type that the
// keyword applies to. allOf and local references become one conjunction. anyOf is a
// disjunction whose cases are compared separately. The work is bounded: a hostile schema
// leads to an unproven finding.
//
// The package does not validate schemas. Unsupported keywords are equal only if they are
// written the same way. It does not judge what a narrower schema means for instances:
// package catalog does.
package narrow
