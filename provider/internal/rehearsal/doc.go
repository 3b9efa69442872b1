// Package rehearsal tests what is behind a provider that is not written in Go: a program
// or an HTTP service. It acts as the engine on its worst days: it repeats each call,
// interrupts it, deletes what was never made, and sends what a careless provider does not
// expect.
//
// The package owns the steps and what is right. A provider is a [Target]: it sends
// requests, and says what came of them.
package rehearsal
