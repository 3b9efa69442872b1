package simulator

import (
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
)

// answer makes the call, and spoils its answer if there is a fault.
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

// strike ends a request that is not answered by what the broker says.
func (x *exchange) strike(f *Fault) error {
	x.spoil(f)
	switch {
	case f.Panic:
		panic("the simulator was told to panic")
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Status < http.StatusBadRequest:
		return openbroker.NewError(http.StatusInternalServerError, "", DefaultDescription).WithCause(errors.New("another answer replaces this one"))
	default:
		return f.err(f.Status)
	}
}
