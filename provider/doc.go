// Package provider makes providers configurable: what a [durable.Provider] needs to be
// one of several in a program with a configuration file.
//
// An author describes a provider with [Define]: its name, its settings, those of its
// plans, its default catalog, and a constructor. A program puts the [Definition]s that
// it has into a [Set]. The configuration selects some of them, under names of its own:
// a [Group], which checks catalogs, and starts as a [Dispatcher], one durable.Provider
// that passes each call on.
//
// There is no global registry: a program has the definitions that it lists. The package
// reads no files; package server/config reads the configuration, package catalog the
// catalog.
package provider
