package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	provided "github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/webhook"
)

// signedBy returns an answer with a signature.
func signedBy(by string, id func(request string) string, status int, media, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var s webhook.Secrets
		if made, err := webhook.ParseSecrets(by); err == nil {
			s = made
		}
		s.Sign(w.Header(), id(r.Header.Get("Webhook-Id")), time.Now(), []byte(text))
		respond(status, media, text)(w, r)
	}
}

func same(id string) string { return id }

// Each bad answer fails the operation with a general text for the platform and the cause
// in the log, and the clean-up leaves nothing behind.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	const media = "application/json"
	for name, c := range map[string]struct {
		settings string
		answer   http.HandlerFunc
		cause    string
	}{
		"HTML":                      {"", respond(200, "text/html; charset=utf-8", "<html>Log in"), "the answer (200) is text/html; charset=utf-8, and must be application/json: is url that of the receiver"},
		"JSON that says it is HTML": {"", respond(200, "text/html", "{}"), "the answer (200) is text/html"},
		"no type":                   {"", respond(200, "", ""), "the answer (200) has no Content-Type"},
		"another charset":           {"", respond(200, media+"; charset=latin-1", "{}"), "charset=latin-1, and must be application/json"},
		"gzip":                      {"", respond(200, media, "{}", "Content-Encoding", "gzip"), "the answer has the Content-Encoding gzip"},
		"no JSON":                   {"", respond(200, media, "<html>"), "the answer is not valid JSON"},
		"empty":                     {"", respond(200, media, ""), "the answer is empty: it must be a JSON object, at least {}"},
		"unknown members":           {"", respond(200, media, `{"credential":{"password":"open-sesame"}}`), `\"credential\" is unknown`},
		"the request as answer":     {"", mirror, `\"operation\" is unknown`},
		"too large":                 {"", respond(200, media, `{"state":"`+strings.Repeat("x", provided.MaxAnswer)+`"}`), "the answer has more than 1048576 bytes"},
		"redirect":                  {"", respond(302, "", "", "Location", "https://other.test/login?token=open-sesame"), "the receiver redirects to https://other.test/login (302): redirects are not followed"},
		"redirect that keeps POST":  {"", respond(307, "", "", "Location", "/there"), "the receiver redirects to /there (307)"},
		"redirect to nowhere":       {"", respond(301, "", ""), "the receiver redirects to an unknown place (301)"},
		"400 without an error":      {"", respond(400, media, `{}`), "the receiver answers 400 Bad Request without error and retry_after"},
		"400 with another error":    {"", respond(400, media, `{"message":"no"}`), "the receiver answers 400 Bad Request, and its body is no error for the platform: line 1, column 2"},
		"401":                       {"", respond(401, "text/plain", "wrong signature of open-sesame"), `the receiver answers 401 Unauthorized: it may have another secret, or another time; it says \"wrong signature of [redacted]\"`},
		"404":                       {"", respond(404, "text/html", "<html>"), "the receiver answers 404 Not Found: url may be wrong"},
		"501":                       {"", respond(501, "text/html", "<html>"), "the receiver answers 501 Not Implemented: url may be wrong"},
		"206":                       {"", respond(206, media, "{}"), "the receiver answers 206 Partial Content: a result is 200 or 204"},
		"202 with HTML":             {"", respond(202, "text/html", "<html>"), "the answer (202) is text/html"},
		"202 with an answer":        {"", respond(202, media, `{"state":1}`), "the body of the receiver's 202: line 1, column 2"},
		"202 elsewhere":             {"", accept("Location", "https://other.test/jobs"), "the Location of the receiver's 202 is at https://other.test, and must be at the host of url"},
		"202 at another port":       {"", accept("Location", "//127.0.0.1:1/jobs"), "must be at the host of url"},
		"202 at another name": {"", func(w http.ResponseWriter, r *http.Request) {
			accept("Location", "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+"/jobs")(w, r)
		}, "must be at the host of url"},
		"202 by https":           {"", func(w http.ResponseWriter, r *http.Request) { accept("Location", "https://"+r.Host+"/jobs")(w, r) }, "must be at the host of url"},
		"202 with a user":        {"", func(w http.ResponseWriter, r *http.Request) { accept("Location", "http://user@"+r.Host+"/jobs")(w, r) }, "must be at the host of url"},
		"202 at no URL":          {"", accept("Location", "http://%zz/"), "the Location of the receiver's 202 is not a URL"},
		"not signed":             {"signed_answers: true", respond(200, media, "{}"), "the answer (200) has no valid signature: it needs exactly one header webhook-id"},
		"not signed 202":         {"signed_answers: true", accept(), "the answer (202) has no valid signature"},
		"not signed error":       {"signed_answers: true", respond(422, media, `{"error":{"status":422,"description":"forged"}}`), "the receiver answers 422"},
		"wrong signature":        {"signed_answers: true", signedBy(another, same, 200, media, "{}"), "has no valid signature: webhook-signature has no signature that matches"},
		"wrong signature of 422": {"signed_answers: true", signedBy(another, same, 422, media, `{"error":{"status":422,"description":"forged"}}`), "the answer (422) has no valid signature"},
		"signature of another":   {"signed_answers: true", signedBy(secret, func(string) string { return "other" }, 200, media, "{}"), "its webhook-id must be that of the request"},
		"the signed request":     {"signed_answers: true", mirror, `\"operation\" is unknown`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, c.answer, cleaned)
			w := open(t, r.server.URL, c.settings)
			operation := w.provision()
			o := w.end(instance, operation)
			if o.text("state") != "failed" || o.text("description") != "The service broker could not complete the operation. Its log has the cause under the operation id "+operation+"." {
				t.Errorf("the operation: %v", o.body)
			}
			w.awaitLog(c.cause)
			await(t, "the clean-up", func() bool { return strings.Contains(w.log.String(), "operation succeeded") })
			if got := r.sequence(); got != "provision, deprovision" {
				t.Errorf("the receiver got %s", got)
			}
			if strings.Contains(w.log.String(), "open-sesame") {
				t.Errorf("the log has a secret: %s", w.log)
			}
		})
	}
}

// cleaned is a signed success, also where no signature is needed.
func cleaned(w http.ResponseWriter, r *http.Request) {
	signedBy(secret, same, 200, "application/json", "{}")(w, r)
}

// mirror answers with the request and its signature.
func mirror(w http.ResponseWriter, r *http.Request) {
	for name, values := range r.Header {
		if strings.HasPrefix(name, "Webhook-") {
			w.Header()[name] = values
		}
	}
	text, _ := io.ReadAll(r.Body)
	respond(200, "application/json", string(text))(w, r)
}

// Answers with the right signature count.
func TestSignedAnswers(t *testing.T) {
	t.Parallel()
	const media = "application/json"
	r := newReceiver(t, signedBy(secret, same, 202, media, `{"description":"half"}`), respond(502, "text/html", "a proxy"), signedBy(secret, same, 200, media, `{"state":1}`),
		signedBy(secret, same, 422, media, `{"error":{"status":422,"error":"QuotaExceeded","description":"Too many."}}`), signedBy(secret, same, 204, "", ""))
	w := open(t, r.server.URL, "signed_answers: true")
	w.succeeds(instance, w.provision())
	o := w.end(binding, w.begin("PUT", binding+query, `{`+ids+`}`))
	if o.text("state") != "failed" || o.text("description") != "Too many." {
		t.Errorf("the bind: %v", o.body)
	}
}

// Errors of the receiver reach the platform, with any status, and retry_after works.
func TestErrors(t *testing.T) {
	t.Parallel()
	const text = `{"error":{"status":422,"error":"QuotaExceeded","description":"Too many."}}`
	for name, answers := range map[string][]http.HandlerFunc{
		"200":         {result(text)},
		"422":         {respond(422, "application/json", text)},
		"retry after": {result(`{"retry_after":0.001}`), result(`{"retry_after":0}`), respond(409, "application/json", text)},
		"after a 202": {accept(), respond(400, "application/json", text)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, answers...)
			w := open(t, r.server.URL, "")
			if o := w.end(instance, w.provision()); o.text("state") != "failed" || o.text("description") != "Too many." {
				t.Errorf("the operation: %v", o.body)
			}
		})
	}
}

// A result that comes after the deadline has no effect, and the instance is cleaned up.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	for name, signed := range map[string]string{"signed": "signed_answers: true", "plain": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answered atomic.Bool
			released := make(chan struct{})
			late := func(w http.ResponseWriter, r *http.Request) {
				<-released
				cleaned(w, r)
				answered.Store(true)
			}
			r := newReceiver(t, late, cleaned)
			w := open(t, r.server.URL, signed+"\npolicy: {mode: asynchronous, deadline: 5s}")
			operation := w.provision()
			r.await(1)
			o := w.end(instance, operation)
			close(released)
			await(t, "the late answer", answered.Load)
			if o.text("state") != "failed" || o.text("description") != "The operation took too long. Its id is "+operation+"." {
				t.Errorf("the operation: %v", o.body)
			}
			w.awaitLog("the operation exceeded its deadline")
			await(t, "the clean-up", func() bool { return strings.Contains(w.log.String(), "operation succeeded") })
			if got := r.sequence(); got != "provision, cancel, deprovision" {
				t.Errorf("the receiver got %s", got)
			}
			if o := w.request("GET", instance, ""); o.status != http.StatusNotFound {
				t.Errorf("the instance: %d %v", o.status, o.body)
			}
		})
	}
}

// A request that takes longer than its limit is repeated.
func TestTimeout(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	trickle := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	r := newReceiver(t, hang, trickle, result("{}"))
	w := open(t, r.server.URL, "timeout: 3s")
	w.succeeds(instance, w.provision())
	if got := r.messages(); len(got) != 3 || got[0].id() != got[2].id() {
		t.Errorf("the receiver got %s", r.sequence())
	}
	w.awaitLog("the receiver has not answered within 3s: it can answer 202 and work on")
}

// No request follows a redirect, neither to the same host nor to another one.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		r := newReceiver(t, respond(status, "", "", "Location", other.URL), accept("Location", "/jobs"), respond(status, "", "", "Location", other.URL))
		w := open(t, r.server.URL, "policy: {mode: asynchronous, backoff_min: 1ms, backoff_max: 1ms}")
		w.end(instance, w.provision())
		await(t, "the clean-up", func() bool { return strings.Contains(w.log.String(), "operation succeeded") })
		if got := r.sequence(); got != "provision, deprovision, GET /jobs, deprovision" {
			t.Errorf("%d: the receiver got %s", status, got)
		}
	}
	if followed.Load() != 0 {
		t.Errorf("%d requests followed a redirect", followed.Load())
	}
}

// An address that is not allowed is refused when it is dialled, whatever its name.
func TestAddressIsCheckedWhenDialled(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	url := strings.Replace(r.server.URL, "127.0.0.1", "localhost", 1)
	w := open(t, url, "networks: [192.0.2.0/24]\npolicy: {mode: asynchronous, deadline: 5s}")
	if o := w.end(instance, w.provision()); o.text("state") != "failed" || !strings.Contains(o.text("description"), "could not complete") {
		t.Errorf("the operation: %v", o.body)
	}
	w.awaitLog("is in none of the allowed networks: correct url, or add its network to networks")
	if got := r.sequence(); got != "" {
		t.Errorf("the receiver got %s", got)
	}
	w = open(t, url, "networks: [127.0.0.0/8, \"::1\"]")
	w.succeeds(instance, w.provision())
}

func FuzzAnswer(f *testing.F) {
	f.Add(uint8(0), 200, "application/json", "", "", `{"credentials":{}}`)
	f.Add(uint8(1), 202, "application/json", "/jobs", "3", `{"description":"x"}`)
	f.Add(uint8(2), 302, "text/html", "https://other.test", "Sun, 06 Nov 1994 08:49:37 GMT", "<html>")
	f.Add(uint8(3), 422, "application/json", "", "-1", `{"error":{"status":422,"description":"x"}}`)
	f.Fuzz(func(t *testing.T, index uint8, status int, media, location, after, text string) {
		operation := provided.Operations()[int(index)%len(provided.Operations())]
		header := http.Header{"Content-Type": {media}, "Location": {location}, "Retry-After": {after}}
		accepted, answer, err := webhook.Outcome(operation, status, header, []byte(text))
		if accepted && answer != nil || !accepted && (answer == nil) == (err == nil) {
			t.Errorf("%d %q %q: %v, %v, %v", status, media, text, accepted, answer, err)
		}
		if answer != nil && status != 204 && !strings.Contains(media, "json") && !strings.Contains(media, "JSON") {
			t.Errorf("%q is accepted", media)
		}
		if pause := webhook.RetryAfter(header, time.Now()); pause < 0 {
			t.Errorf("the pause is %v", pause)
		}
	})
}

func TestRetryAfterHeader(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		after, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{"-7", "", 0},
		{"7.5", "", 0},
		{"soon", "", 0},
		{"99999999999", "", 0},
		{"Wed, 02 Jan 2030 03:04:15 GMT", "", 10 * time.Second},
		{"Wed, 02 Jan 2030 03:04:00 GMT", "", 0},
		{"Wed, 02 Jan 2030 04:04:15 GMT", "Wed, 02 Jan 2030 04:04:05 GMT", 10 * time.Second},
	} {
		header := http.Header{"Retry-After": {c.after}}
		if c.date != "" {
			header.Set("Date", c.date)
		}
		if got := webhook.RetryAfter(header, now); got != c.want {
			t.Errorf("%q at %q: %v", c.after, c.date, got)
		}
	}
}
