// Package config reads the configuration of a broker process: one YAML file.
//
// [Load] is strict and complete: it reports all problems of the file together, each
// with line, column and the line itself, and never shows a value that may be secret.
// In strings, ${env:NAME} is replaced by an environment variable, ${file:path} by the
// content of a file, and $${ by ${. [Schema] returns the JSON Schema of the file for
// editors, made from the same structs.
//
// The structs mirror the file. Their tags describe the fields: "doc" and "default"
// are documentation; Load checks "enum", "min", "max" and "required". The package
// applies no defaults: a field that the file leaves out is zero, and the package that
// uses it, such as server or durable, applies the default. Only the settings of
// providers get their defaults here.
//
// The package owns the format of the file and turns it into the configurations of
// other packages ([Config.ServerConfig], [Config.EngineConfig],
// [Config.ChangeCatalog], [Auth.Authenticator]). It does not open databases, listen,
// or make providers, and knows only those of the [provider.Set] that it is given: the
// command does the rest.
package config
