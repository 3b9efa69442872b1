// Package structschema generates JSON Schemas from Go types, for the parameters of service
// plans.
//
// It uses the reflection and the tags of invopop/jsonschema, and adds what catalogs need:
// drafts before 2020-12, because Cloud Foundry accepts only those, schemas without
// references where possible, and errors that name the field. It does not validate
// parameters: package paramcheck does.
package structschema
