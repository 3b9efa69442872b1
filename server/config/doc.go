// Package config reads the configuration of a broker process: one YAML file.
//
// [Load] is strict and complete: it reports everything that is wrong with the
// file at once, with line, column and the line itself, and never a value that
// may be secret. In strings, ${env:NAME} and ${file:path} stand for an
// environment variable and the content of a file, and $${ for ${ itself.
// [Schema] describes the file to editors, from the same structs.
//
// The structs mirror the file. Their tags say what a field means: "doc" and
// "default" are documentation, "enum", "min" and "required" are checked. Nothing
// has a default here: what the file leaves out is zero, and the package that it
// is for, such as server or durable, knows what that means.
//
// The package turns the file into the configurations of these packages
// ([Config.ServerConfig], [Config.EngineConfig], [Config.ChangeCatalog],
// [Auth.Authenticator]). It
// opens no database, listens nowhere and knows no provider: that is the
// command's part.
package config
