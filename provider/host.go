package provider

import "log/slog"

// A Host is what a provider gets from the process that it runs in. It can get more
// fields.
type Host struct {
	// Name is the name of the provider in this process, unique among its providers. It
	// is the name of the definition unless the configuration gives another one.
	Name string
	// Data is the directory for data of the process. It need not exist. Providers share
	// it, so what a provider keeps there must have its Name in the path.
	Data string
	// Logger logs with the name of the provider.
	Logger *slog.Logger
	// Helper is the command line that starts this program as a helper of the provider: it
	// runs the Helper of the [Spec]. It is nil if the program cannot; see
	// [Set.WithHelpers].
	Helper []string
}
