package conformance

import (
	"net/http"
	"time"
)

// An Exchange is a request with its response, as reports show it: secrets are
// masked, and bodies have at most 4 KiB.
type Exchange struct {
	// Step is the step of the scenario, for instance "provision again".
	Step string `json:"step"`
	// Started is when the request was sent.
	Started time.Time `json:"started"`
	// Duration is the time until the response was read. In JSON it is in
	// nanoseconds.
	Duration time.Duration `json:"duration"`

	Method string `json:"method"`
	// URL is the target of the request, exactly as sent.
	URL           string      `json:"url"`
	RequestHeader http.Header `json:"request_header"`
	RequestBody   string      `json:"request_body,omitempty"`

	// Status is 0 if no response came. Error then says why.
	Status         int         `json:"status"`
	ResponseHeader http.Header `json:"response_header,omitempty"`
	ResponseBody   string      `json:"response_body,omitempty"`
	Error          string      `json:"error,omitempty"`
}
