// Package settings decodes documents into structs, strictly: the configuration file,
// the settings of providers in it, and those of plans in a catalog.
//
// Tags of the fields define the form. "yaml" is the name, "doc" the description;
// "required", "enum", "min" and "max" are checked, and "default" is the value of an
// absent field where a [Decoder] applies defaults. [SchemaOf] makes a JSON Schema of
// the same tags, and [CheckType] finds types that the decoder does not support.
//
// The package reports all problems, each with its place, and never a value that may be
// a secret. It does not read the document itself, and does not know what the settings
// are for.
package settings
