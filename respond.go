package openbroker

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
)

type errorBody struct {
	Error            string `json:"error,omitempty"`
	Description      string `json:"description"`
	InstanceUsable   *bool  `json:"instance_usable,omitempty"`
	UpdateRepeatable *bool  `json:"update_repeatable,omitempty"`
}

// ownHeaders are those that an [Error] cannot set. It is never changed.
var ownHeaders = map[string]bool{
	"Content-Type": true, "Content-Length": true, "Content-Encoding": true, "Transfer-Encoding": true, "Trailer": true,
	"Connection": true, "Keep-Alive": true, "Upgrade": true, http.CanonicalHeaderKey(HeaderRequestIdentity): true,
}

// WriteError answers a request with err, as the handler does: for people who
// bring their own router and use [Middleware]. An error that is no [*Error] is
// a generic 500, and so is one whose Status is no error; log it first. A zero
// Status is 404.
func WriteError(w http.ResponseWriter, err error) {
	answer, ok := asError(err)
	if !ok || answer.Status != 0 && (answer.Status < 400 || answer.Status > 599) {
		answer = NewError(http.StatusInternalServerError, "", "The service broker failed to process the request.")
	}
	if answer.Status == 0 {
		answer = answer.derive()
		answer.Status = http.StatusNotFound
	}
	writeError(w, answer, errorBody{
		Error: answer.Code, Description: answer.Description,
		InstanceUsable: answer.InstanceUsable, UpdateRepeatable: answer.UpdateRepeatable,
	})
}

func writeError(w http.ResponseWriter, err *Error, body errorBody) {
	if body.Description == "" {
		body.Description = cmp.Or(http.StatusText(err.Status), "Error")
	}
	for name, values := range err.Header {
		if name = http.CanonicalHeaderKey(name); !ownHeaders[name] {
			w.Header()[name] = slices.Clone(values)
		}
	}
	if err.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfterSeconds(err.RetryAfter))
	}
	encoded, encodeErr := encodeJSON(body)
	if encodeErr != nil {
		encoded = []byte(`{}`)
	}
	writeJSON(w, err.Status, encoded)
}

// encodeJSON encodes as json.Marshal does, but leaves &, < and > as they are:
// people copy URLs out of responses.
func encodeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // A client that is gone cannot be told.
}
