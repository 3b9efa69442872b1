package frombrokerapi

import (
	"context"

	"github.com/openbroker/openbroker"
)

// A Broker is the interface domain.ServiceBroker of brokerapi. Its types are those of
// the library, whichever version that is: Go infers them from the methods.
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

// WithContextValues makes put add to the context of each call what the broker looks up in
// it. The keys of brokerapi's middlewares are of a type of that library, which only a
// program that imports it can name:
//
//	frombrokerapi.WithContextValues(func(ctx context.Context, c openbroker.Caller) context.Context {
//		return context.WithValue(ctx, middlewares.RequestIdentityKey, c.RequestIdentity)
//	})
func WithContextValues(put func(context.Context, openbroker.Caller) context.Context) Option {
	return func(o *options) { o.context = put }
}

// Adapt returns an [openbroker.Broker] that calls b. The handler checks requests
// against the catalog before b sees them, which brokerapi leaves to the broker.
//
// An error of brokerapi (a FailureResponse, also a wrapped one) keeps its status, its
// "error" and its description. Any other error is a 500 whose text is only logged;
// brokerapi sends it to the platform.
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
