// Package structschema makes JSON Schemas of Go types, for the parameters of
// service plans. Reflection is that of invopop/jsonschema, whose tags it shares; the
// package adds what a catalog needs: drafts before 2020-12, which is all that
// Cloud Foundry accepts, schemas without references where possible, and errors
// that name the field.
package structschema
