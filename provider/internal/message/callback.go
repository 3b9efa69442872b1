package message

import (
	"bytes"
	"encoding/json"
)

// MaxCallback bounds a callback, in bytes.
const MaxCallback = MaxAnswer + 4<<10

// A Callback is what an HTTP service sends to the broker while it works, or at the end: a
// line or an answer.
type Callback struct {
	// Message is the id of the request that it is about.
	Message string          `json:"message"`
	Answer  json.RawMessage `json:"answer,omitempty"`
	Line    json.RawMessage `json:"line,omitempty"`
}

// DecodeCallback decodes a callback. It does not decode the answer and the line: what an
// answer can have depends on the operation. The error is [DecodeErrors].
func DecodeCallback(data []byte) (Callback, error) {
	d, err := parse(data, MaxCallback, "the callback")
	if err != nil {
		return Callback{}, err
	}
	d.check(d.root, typeOf[Callback](), "")
	var c Callback
	if err := d.into(&c); err != nil {
		return Callback{}, err
	}
	c.Answer, c.Line = present(c.Answer), present(c.Line)
	if c.Message == "" {
		d.report(d.root.Place, "message must be the webhook-id of the request")
	}
	if (c.Answer == nil) == (c.Line == nil) {
		d.report(d.root.Place, "the callback must have either an answer or a line")
	}
	return c, d.err()
}

// CancelOperation is the operation of a [Cancel].
const CancelOperation Operation = "cancel"

// A Cancel tells an HTTP service that the broker no longer waits for the answer to a request.
type Cancel struct {
	Version    int       `json:"version"`
	Operation  Operation `json:"operation"`
	ID         string    `json:"id"`
	Generation int64     `json:"generation"`
	// Message is the id of the request.
	Message string `json:"message"`
}

// NewCancel returns the cancellation of a request that was sent with an id.
func NewCancel(r *Request, id string) *Cancel {
	return &Cancel{Version: Version, Operation: CancelOperation, ID: r.ID, Generation: r.Generation, Message: id}
}

// Encode returns the cancellation as one line of JSON.
func (c *Cancel) Encode() ([]byte, error) { return encode(c) }

// encode returns a message as one line of JSON. Numbers keep their digits.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}
