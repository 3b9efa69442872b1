package frombrokerapi

import (
	"context"

	"github.com/openbroker/openbroker"
)

// A Broker is the interface domain.ServiceBroker of brokerapi. Its types come from the
// library, in any version: Go infers them from the methods.
type Broker[
	Service any,
	ProvisionDetails, ProvisionSpec any,
	DeprovisionDetails, DeprovisionSpec any,
	FetchInstanceDetails, GetInstanceSpec any,
	UpdateDetails, UpdateSpec any,
	PollDetails, LastOperation any,
	BindDetails, Binding any,
	UnbindDetails, UnbindSpec any,
	FetchBindingDetails, GetBindingSpec any,
] interface {
	Services(ctx context.Context) ([]Service, error)
	Provision(ctx context.Context, instanceID string, details ProvisionDetails, asyncAllowed bool) (ProvisionSpec, error)
	Deprovision(ctx context.Context, instanceID string, details DeprovisionDetails, asyncAllowed bool) (DeprovisionSpec, error)
	GetInstance(ctx context.Context, instanceID string, details FetchInstanceDetails) (GetInstanceSpec, error)
	Update(ctx context.Context, instanceID string, details UpdateDetails, asyncAllowed bool) (UpdateSpec, error)
	LastOperation(ctx context.Context, instanceID string, details PollDetails) (LastOperation, error)
	Bind(ctx context.Context, instanceID, bindingID string, details BindDetails, asyncAllowed bool) (Binding, error)
	Unbind(ctx context.Context, instanceID, bindingID string, details UnbindDetails, asyncAllowed bool) (UnbindSpec, error)
	GetBinding(ctx context.Context, instanceID, bindingID string, details FetchBindingDetails) (GetBindingSpec, error)
	LastBindingOperation(ctx context.Context, instanceID, bindingID string, details PollDetails) (LastOperation, error)
}

// An Option configures [Adapt].
type Option func(*options)

type options struct {
	context func(context.Context, openbroker.Caller) context.Context
}

// WithContextValues calls put to add values to the context of each call, for a broker
// that reads them with the keys of brokerapi's middlewares. Only a program that imports
// brokerapi can name these keys:
//
//	frombrokerapi.WithContextValues(func(ctx context.Context, c openbroker.Caller) context.Context {
//		return context.WithValue(ctx, middlewares.RequestIdentityKey, c.RequestIdentity)
//	})
func WithContextValues(put func(context.Context, openbroker.Caller) context.Context) Option {
	return func(o *options) { o.context = put }
}

// Adapt returns an [openbroker.Broker] that calls b. The handler checks requests
// against the catalog before it calls b; with brokerapi, the broker must check them.
//
// An error of brokerapi (a FailureResponse, or an error that wraps one) keeps its
// status, its "error" and its description. Any other error becomes a generic 500, and
// its text is only logged. In contrast, brokerapi sends the text to the platform.
func Adapt[
	S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB any,
](b Broker[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB], list ...Option) openbroker.Broker {
	a := &adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]{broker: b}
	a.context = func(ctx context.Context, _ openbroker.Caller) context.Context { return ctx }
	for _, option := range list {
		option(&a.options)
	}
	return a
}
