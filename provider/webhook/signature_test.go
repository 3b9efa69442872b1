package webhook_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider/webhook"
)

const (
	// secret is that of the test vectors of Standard Webhooks.
	secret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	another = "whsec_YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMuLi4uLi4="
)

func keys(tb testing.TB, texts ...string) webhook.Secrets {
	tb.Helper()
	s, err := webhook.ParseSecrets(texts...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// The signature of the message in the tests of the reference libraries of Standard
// Webhooks.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	header, body, at := http.Header{}, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)
	const id, want = "msg_p5jXN8AQM9LWM0D4loKWxJek", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	keys(t, secret).Sign(header, id, at, body)
	if header.Get("webhook-signature") != want || header.Get("webhook-id") != id || header.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("the headers are %v", header)
	}
	if got, when, err := keys(t, secret).Verify(header, body, at, time.Minute); got != id || !when.Equal(at) || err != nil {
		t.Errorf("%q %v: %v", got, when, err)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const form = "must be whsec_ and 24 to 64 random bytes"
	for text, want := range map[string]string{
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": form, "whsec_": "has 0 bytes", "whsec_?": form, "whsec_MfKQ9r8G": "has 6 bytes",
		"whsec_" + strings.Repeat("MfKQ", 22): "has 66 bytes", secret + "\n\n": "", another: "", " " + secret: form,
	} {
		if _, err := webhook.ParseSecrets(text); (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "MfKQ")) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	now, body := time.Unix(1800000000, 900_000_000), []byte(`{}`)
	sign := func(by webhook.Secrets, id string, at time.Time) http.Header {
		h := http.Header{}
		by.Sign(h, id, at, body)
		return h
	}
	valid := func() http.Header { return sign(keys(t, secret), "m", now) }
	with := func(name string, values ...string) http.Header {
		h := valid()
		h[http.CanonicalHeaderKey(name)] = values
		return h
	}
	good := valid().Get("webhook-signature")
	for name, c := range map[string]struct {
		header http.Header
		by     []string
		want   string
	}{
		"valid":                    {valid(), []string{secret}, ""},
		"the new one of two":       {sign(keys(t, another), "m", now), []string{secret, another}, ""},
		"signed by both":           {sign(keys(t, another, secret), "m", now), []string{secret}, ""},
		"newer versions":           {with("webhook-signature", "v1a,AAAA v2,x "+good), []string{secret}, ""},
		"behind":                   {sign(keys(t, secret), "m", now.Add(-5*time.Minute)), []string{secret}, ""},
		"before":                   {sign(keys(t, secret), "m", now.Add(5*time.Minute)), []string{secret}, ""},
		"too far behind":           {sign(keys(t, secret), "m", now.Add(-5*time.Minute-2*time.Second)), []string{secret}, "is 5m3s behind the clock of the broker, and 5m0s are allowed"},
		"too far before":           {sign(keys(t, secret), "m", now.Add(5*time.Minute+2*time.Second)), []string{secret}, "is 5m1s before the clock of the broker"},
		"other secret":             {sign(keys(t, another), "m", now), []string{secret}, "no signature that matches"},
		"other id":                 {with("webhook-id", "n"), []string{secret}, "no signature that matches"},
		"other time":               {with("webhook-timestamp", "1800000001"), []string{secret}, "no signature that matches"},
		"cut":                      {with("webhook-signature", good[:20]), []string{secret}, "no signature that matches"},
		"without version":          {with("webhook-signature", good[3:]), []string{secret}, "no signature that matches"},
		"empty":                    {with("webhook-signature", "v1,"), []string{secret}, "no signature that matches"},
		"too many":                 {with("webhook-signature", strings.Repeat("v1,AAAA ", 16)+good), []string{secret}, "no signature that matches"},
		"a dot moves the border":   {sign(keys(t, secret), "m.1", now), []string{secret}, "neither spaces nor dots"},
		"long id":                  {sign(keys(t, secret), strings.Repeat("m", 257), now), []string{secret}, "at most 256"},
		"id with a space":          {sign(keys(t, secret), "m m", now), []string{secret}, "neither spaces nor dots"},
		"no id":                    {with("webhook-id"), []string{secret}, "exactly one header webhook-id"},
		"no time":                  {with("webhook-timestamp"), []string{secret}, "exactly one header webhook-timestamp"},
		"no signature":             {with("webhook-signature"), []string{secret}, "exactly one header webhook-signature"},
		"two ids":                  {with("webhook-id", "m", "m"), []string{secret}, "exactly one header webhook-id"},
		"a time with fractions":    {with("webhook-timestamp", "1800000000.9"), []string{secret}, "a number of seconds"},
		"a time with a sign":       {with("webhook-timestamp", "+1800000000"), []string{secret}, "a number of seconds"},
		"a time in milliseconds":   {with("webhook-timestamp", "1800000000900"), []string{secret}, "a number of seconds"},
		"a time before everything": {with("webhook-timestamp", "-5"), []string{secret}, "a number of seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := keys(t, c.by...).Verify(c.header, body, now, 5*time.Minute)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, _, err := keys(t, secret).Verify(valid(), []byte(`{ }`), now, time.Minute); err == nil {
		t.Error("another body is accepted")
	}
}

// A message is known for as long as its signature is valid, also one from the future.
func TestMemory(t *testing.T) {
	t.Parallel()
	start := time.Unix(1800000000, 0)
	const tolerance = 5 * time.Minute
	m, s := webhook.NewMemory(tolerance), keys(t, secret)
	for i, ahead := range []time.Duration{-tolerance, 0, tolerance} {
		header, body, id := http.Header{}, []byte("{}"), "m"+strconv.Itoa(i)
		at := start.Add(ahead)
		s.Sign(header, id, at, body)
		if accepted, _ := m.Accept(id, at, start); !accepted {
			t.Errorf("%v ahead: the first time", ahead)
		}
		for now := start; ; now = now.Add(500 * time.Millisecond) {
			if _, _, err := s.Verify(header, body, now, tolerance); err != nil {
				break
			}
			if accepted, _ := m.Accept(id, at, now); accepted {
				t.Fatalf("%v ahead: replayed after %v", ahead, now.Sub(start))
			}
		}
	}
	later := start.Add(time.Hour)
	if _, known := m.Accept("later", later, later); known != 1 {
		t.Errorf("it knows %d messages", known)
	}
	for i := range webhook.MaxRemembered {
		m.Accept("x"+strconv.Itoa(i), later, later)
	}
	if accepted, known := m.Accept("more", later, later); accepted || known != webhook.MaxRemembered {
		t.Errorf("%v, it knows %d messages", accepted, known)
	}
}

// No header makes verify panic, and no message is accepted that was not signed.
func FuzzVerify(f *testing.F) {
	header := http.Header{}
	body, now := []byte("{}"), time.Unix(1800000000, 0)
	s := keys(f, secret)
	s.Sign(header, "m", now, body)
	f.Add("m", header.Get("webhook-timestamp"), header.Get("webhook-signature"), "{}")
	f.Add("m.1", "1800000000", "v1,AAAA v1a,BBBB v1,", "{}")
	f.Add("", "-1", "  v1,=", "")
	f.Fuzz(func(t *testing.T, id, timestamp, signature, text string) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		got, at, err := s.Verify(h, []byte(text), now, time.Minute)
		if err != nil {
			return
		}
		again := http.Header{}
		s.Sign(again, got, at, []byte(text))
		if got != id || !strings.Contains(signature, again.Get("webhook-signature")) {
			t.Errorf("%q %q %q %q is accepted as %q", id, timestamp, signature, text, got)
		}
	})
}
