package platform

import (
	"context"
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// advice returns what to do about an error, or "".
func (s *session) advice(err error) string {
	var response *client.ResponseError
	var silent *client.TransportError
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &silent) && silent.Timeout():
		return "a slow broker may need a longer --request-timeout"
	case errors.As(err, &silent) && silent.Refused:
		return "is the broker running, and is its address right? openbroker target shows it"
	case !errors.As(err, &response):
		return ""
	case response.StatusCode == http.StatusUnauthorized:
		return "the broker does not accept the user name and password: name the target again, or set " + usernameVariable + " and " + passwordVariable
	case errors.Is(err, openbroker.ErrConcurrency):
		return "another operation is running: see openbroker operation NAME --wait"
	case errors.Is(err, openbroker.ErrMaintenanceInfoConflict):
		return "the catalog has changed: try again"
	case errors.Is(err, openbroker.ErrAsyncRequired):
		return "leave --sync out: this plan needs time"
	case errors.Is(err, openbroker.ErrRequiresApp):
		return "give --app GUID: this service binds to applications only"
	case errors.Is(err, openbroker.ErrInstanceDoesNotExist), errors.Is(err, openbroker.ErrBindingDoesNotExist):
		return "to delete what the broker does not have, add --force"
	case response.StatusCode == http.StatusPreconditionFailed:
		return "the broker speaks another version of the API"
	default:
		return ""
	}
}
