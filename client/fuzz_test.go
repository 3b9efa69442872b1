package client_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// FuzzResponses decodes arbitrary responses to each call. The lenient mode accepts
// everything that the strict mode accepts, and decoded responses can be encoded.
func FuzzResponses(f *testing.F) {
	for _, body := range []string{`{}`, `{"operation":"x","metadata":{"labels":{"a":1}}}`, `{"state":"failed","instance_usable":false}`, "\uFEFF{}", "{\"a\":\"\xe4\"}", `{"credentials":{"n":1e400}}`, `{"services":[{"plans":[{}]}]}`, ``, `[`, `null`} {
		f.Add(200, "application/json", "5", []byte(body))
		f.Add(202, "text/html", "Sun, 06 Nov 1994 08:49:37 GMT", []byte(body))
		f.Add(422, "", "", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, contentType, retryAfter string, body []byte) {
		if status < 200 || status > 599 || status == http.StatusRequestTimeout {
			t.Skip("not a final status")
		}
		answer := scriptedResponse{status: status, header: map[string]string{"Content-Type": contentType, "Retry-After": retryAfter}, body: string(body)}
		read := func(options ...client.Option) []error {
			c := newClient(t, respondWith(answer), append(options, client.WithRetries(0))...)
			_, catalogErr := c.Catalog(t.Context())
			bound, bindErr := c.Bind(t.Context(), bindRequest())
			instance, instanceErr := c.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: "i"})
			_, pollErr := c.LastOperation(t.Context(), &openbroker.LastOperationRequest{InstanceID: "i"})
			for _, err := range []error{catalogErr, bindErr, instanceErr, pollErr} {
				if err != nil && !utf8.ValidString(err.Error()) && utf8.Valid(body) {
					t.Errorf("the error is not UTF-8: %q", err)
				}
			}
			if bindErr == nil {
				if _, err := json.Marshal(bound); err != nil {
					t.Errorf("the binding cannot be encoded: %v", err)
				}
			}
			if instanceErr == nil {
				if _, err := json.Marshal(instance); err != nil {
					t.Errorf("the instance cannot be encoded: %v", err)
				}
			}
			return []error{catalogErr, bindErr, instanceErr, pollErr}
		}
		strict, lenient := read(client.WithStrictDecoding()), read()
		for i := range strict {
			if strict[i] == nil && lenient[i] != nil {
				t.Errorf("call %d: only the strict mode accepts %q: %v", i, body, lenient[i])
			}
		}
	})
}
