// Package providers has the commands that help the authors of providers: test runs a
// provider in any language through its life cycle, and schema prints the messages.
//
// It owns the flags, the choice of services and plans, and the report. The steps are
// those of the provider.
package providers
