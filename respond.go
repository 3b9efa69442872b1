package openbroker

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
)

type errorBody struct {
	Error            string `json:"error,omitempty"`
	Description      string `json:"description"`
	InstanceUsable   *bool  `json:"instance_usable,omitempty"`
	UpdateRepeatable *bool  `json:"update_repeatable,omitempty"`
}

// ownHeaders lists the headers that an [Error] cannot set. It is read-only.
var ownHeaders = map[string]bool{
	"Content-Type": true, "Content-Length": true, "Content-Encoding": true, "Transfer-Encoding": true, "Trailer": true,
	"Connection": true, "Keep-Alive": true, "Upgrade": true, http.CanonicalHeaderKey(HeaderRequestIdentity): true,
}

// WriteError writes err as the handler does, for programs with their own router
// that use [Middleware]. A zero Status becomes a 404. An error that is not an
// [*Error], or whose Status is not from 400 to 599, becomes a generic 500; log it
// before, since WriteError does not.
func WriteError(w http.ResponseWriter, err error) {
	osbError, ok := asError(err)
	if !ok || osbError.Status != 0 && (osbError.Status < 400 || osbError.Status > 599) {
		osbError = NewError(http.StatusInternalServerError, "", "The service broker failed to process the request.")
	}
	if osbError.Status == 0 {
		osbError = osbError.derive()
		osbError.Status = http.StatusNotFound
	}
	writeError(w, osbError, errorBody{
		Error: osbError.Code, Description: osbError.Description,
		InstanceUsable: osbError.InstanceUsable, UpdateRepeatable: osbError.UpdateRepeatable,
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

// encodeJSON encodes like json.Marshal, but does not escape &, < and >, so that
// people can copy URLs from responses.
func encodeJSON(v any) ([]byte, error) {
	e := newJSONEncoder()
	defer e.free()
	encoded, err := e.encode(v)
	return bytes.Clone(encoded), err
}

// A jsonEncoder is encodeJSON with memory that is used again.
type jsonEncoder struct {
	out     bytes.Buffer
	encoder *json.Encoder
}

var jsonEncoders = sync.Pool{New: func() any {
	e := &jsonEncoder{}
	e.encoder = json.NewEncoder(&e.out)
	e.encoder.SetEscapeHTML(false)
	return e
}}

func newJSONEncoder() *jsonEncoder {
	e, _ := jsonEncoders.Get().(*jsonEncoder)
	return e
}

// encode returns what is valid until the next call of a method.
func (e *jsonEncoder) encode(v any) ([]byte, error) {
	if err := e.encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(e.out.Bytes(), []byte("\n")), nil
}

// free returns the memory. Credentials must not stay in it.
func (e *jsonEncoder) free() {
	const large = 16 << 10
	if e.out.Cap() > large {
		return
	}
	clear(e.out.Bytes())
	e.out.Reset()
	jsonEncoders.Put(e)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // The client may have disconnected.
}
