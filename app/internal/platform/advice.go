package platform

import (
	"context"
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// advice returns what the user can do about an error, or "".
func (s *session) advice(err error) string {
	var response *client.ResponseError
	var silent *client.TransportError
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &silent) && silent.Timeout():
		return "a slow broker may need a longer --request-timeout"
	case errors.As(err, &silent) && silent.Refused:
		return "is the broker running, and is its address right? openbroker target shows the address"
	case !errors.As(err, &response):
		return ""
	case response.StatusCode == http.StatusUnauthorized:
		return "the broker does not accept the user name and password: define the target again, or set " + usernameVariable + " and " + passwordVariable
	case errors.Is(err, openbroker.ErrConcurrency):
		return "another operation is running: wait for it with openbroker operation NAME --wait"
	case errors.Is(err, openbroker.ErrMaintenanceInfoConflict):
		return "the catalog has changed: try again"
	case errors.Is(err, openbroker.ErrAsyncRequired):
		return "leave out --sync: this plan is asynchronous"
	case errors.Is(err, openbroker.ErrRequiresApp):
		return "add --app GUID: this service binds only applications"
	case errors.Is(err, openbroker.ErrInstanceDoesNotExist), errors.Is(err, openbroker.ErrBindingDoesNotExist):
		return "to succeed if the broker does not have it, add --force"
	case response.StatusCode == http.StatusPreconditionFailed:
		return "the broker speaks another version of the API"
	default:
		return ""
	}
}
