package simulator

import (
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
)

// answer makes the call and applies the fault to its response. A nil fault
// changes nothing.
func answer[R any](x *exchange, f *Fault, call func() (R, error)) (R, error) {
	var none R
	if f == nil {
		return call()
	}
	strikes := f.Status != 0 || f.Panic || f.Drop
	if strikes && !f.After {
		return none, x.strike(f)
	}
	response, err := call()
	if strikes {
		return none, x.strike(f)
	}
	x.spoil(f)
	return response, err
}

// strike ends a request whose response the fault replaces.
func (x *exchange) strike(f *Fault) error {
	x.spoil(f)
	switch {
	case f.Panic:
		panic("the simulator panics as configured")
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Status < http.StatusBadRequest:
		return openbroker.NewError(http.StatusInternalServerError, "", DefaultDescription).WithCause(errors.New("a fault replaces this response"))
	default:
		return f.err(f.Status)
	}
}
