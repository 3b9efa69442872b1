package provider

import (
	"net/http"

	"github.com/openbroker/openbroker/durable"
)

// A CallbackReceiver is a provider that the service behind it can call over HTTP, for
// example when long work has ended. The process serves it at [CallbackPath].
type CallbackReceiver interface {
	durable.Provider
	// Callbacks returns the handler of these requests, or nil for none. The handler
	// authenticates them: the credentials of platforms do not apply.
	Callbacks() http.Handler
}

// CallbackPath returns the path of the callbacks of the provider with a name, below the
// prefix of the broker.
func CallbackPath(name string) string { return "/callbacks/" + name }

// Callbacks returns the handlers of the providers that have one, by path.
func (d *Dispatcher) Callbacks() map[string]http.Handler {
	handlers := map[string]http.Handler{}
	for i, p := range d.running {
		if receiver, ok := p.(CallbackReceiver); ok {
			if handler := receiver.Callbacks(); handler != nil {
				handlers[CallbackPath(d.group.members[i].Name)] = handler
			}
		}
	}
	return handlers
}
