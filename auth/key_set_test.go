package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

// mustBeUnavailable checks that the response is a 503 with Retry-After and without
// details.
func mustBeUnavailable(t *testing.T, got provisionResult) {
	t.Helper()
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q, want 503", got.status, got.header.Get("Retry-After"))
	}
	if challenges := got.header.Values("WWW-Authenticate"); len(challenges) > 0 {
		t.Errorf("a 503 with challenges %q", challenges)
	}
	if description, _ := got.body["description"].(string); !strings.Contains(description, "temporarily unavailable") {
		t.Errorf("body %v", got.body)
	}
}

func TestBearerRotation(t *testing.T) {
	t.Parallel()
	older, newer := newECDSA(t, "2025"), newECDSA(t, "2026")
	i := newIssuer(t, older)
	config := i.config(new(logBuffer))
	config.JWKSURL = i.URL + "/keys"
	s := serve(t, newBearer(t, config))
	accepted := func(key signer) provisionResult { return s.provision(t, key.sign(t, i.claims(nil))) }
	mustAccept(t, accepted(older), "cc-client", "bearer", "")
	mustRefuse(t, accepted(newer), bearerChallenge)

	i.publish(older, newer)
	mustRefuse(t, accepted(newer), bearerChallenge) // The keys were just fetched.
	i.clock.advance(5 * time.Second)
	mustAccept(t, accepted(newer), "cc-client", "bearer", "")
	mustAccept(t, accepted(older), "cc-client", "bearer", "")

	// A withdrawn key stops working even if no token with an unknown key arrives.
	asked, reply := make(chan struct{}), make(chan struct{})
	i.breakWith(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-reply
		public, err := newer.public().MarshalJSON()
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(w, `{"keys":[%s]}`, public)
	})
	i.clock.advance(11 * time.Minute)
	mustAccept(t, accepted(older), "cc-client", "bearer", "") // This request does not wait for the refresh.
	select {
	case <-asked:
	case <-time.After(30 * time.Minute):
		t.Fatal("the keys are not refreshed")
	}
	close(reply)
	mustRefuse(t, accepted(newECDSA(t, "2027")), bearerChallenge) // This one does.
	mustAccept(t, accepted(newer), "cc-client", "bearer", "")
	mustRefuse(t, accepted(older), bearerChallenge)
}

// A new key under the same id is found, too.
func TestBearerRotationUnderOneID(t *testing.T) {
	t.Parallel()
	older, newer := newECDSA(t, "k"), newECDSA(t, "k")
	i := newIssuer(t, older)
	s := serve(t, newBearer(t, i.config(new(logBuffer))))
	mustAccept(t, s.provision(t, older.sign(t, i.claims(nil))), "cc-client", "bearer", "")
	i.publish(newer)
	i.clock.advance(5 * time.Second)
	mustAccept(t, s.provision(t, newer.sign(t, i.claims(nil))), "cc-client", "bearer", "")
	mustRefuse(t, s.provision(t, older.sign(t, i.claims(nil))), bearerChallenge)
}

func TestBearerWhileIssuerIsDown(t *testing.T) {
	t.Parallel()
	key, stranger := newECDSA(t, "k"), newECDSA(t, "stranger")
	i := newIssuer(t, key)
	i.breakWith(down)
	log := new(logBuffer)
	s := serve(t, newBearer(t, i.config(log)))
	token := key.sign(t, i.claims(nil))
	mustBeUnavailable(t, s.provision(t, token))
	mustBeUnavailable(t, s.provision(t, token))
	mustRefuse(t, s.provision(t), bearerChallenge) // A request without a token needs no keys.
	mustRefuse(t, s.provision(t, "Bearer junk"), bearerChallenge)
	if !strings.Contains(log.String(), "500") || len(log.String()) > 1000 {
		t.Errorf("log %q", log)
	}
	if !strings.Contains(s.log.String(), "500 Internal Server Error") {
		t.Errorf("the request log has no cause: %s", s.log)
	}
	i.breakWith(nil)
	mustBeUnavailable(t, s.provision(t, token)) // It is too early for another fetch.
	i.clock.advance(5 * time.Second)
	mustAccept(t, s.provision(t, token), "cc-client", "bearer", "")

	// Known keys stay in use for a day.
	i.breakWith(down)
	i.clock.advance(23 * time.Hour)
	mustAccept(t, s.provision(t, key.sign(t, i.claims(nil))), "cc-client", "bearer", "")
	i.clock.advance(time.Minute)
	mustBeUnavailable(t, s.provision(t, stranger.sign(t, i.claims(nil))))
	forged := signer{id: "k", algorithm: jose.ES256, key: stranger.key}
	mustRefuse(t, s.provision(t, forged.sign(t, i.claims(nil))), bearerChallenge)
	i.clock.advance(2 * time.Hour)
	mustBeUnavailable(t, s.provision(t, key.sign(t, i.claims(nil))))
	mustNotReveal(t, s.log.String()+log.String(), token[7:])
}

// For any sequence of tokens, the keys are fetched at most every five seconds.
func TestBearerLimitsFetches(t *testing.T) {
	t.Parallel()
	key, stranger := newECDSA(t, "k"), newECDSA(t, "x")
	i := newIssuer(t, key)
	s := serve(t, newBearer(t, i.config(new(logBuffer))))
	var clients sync.WaitGroup
	for n := range 20 {
		token := key.sign(t, i.claims(nil))
		if n%2 == 0 {
			stranger.id = strconv.Itoa(n)
			token = stranger.sign(t, i.claims(nil))
		}
		clients.Go(func() { s.provision(t, token) })
	}
	clients.Wait()
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestBearerBadKeySets(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	public, err := key.public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body, want string
	}{
		{"HTML", "<html>", "not a JSON Web Key Set"},
		{"empty", `{"keys":[]}`, "no usable public key"},
		{"symmetric key", `{"keys":[{"kty":"oct","k":"aHVudGVyMg","kid":"k"}]}`, "no usable public key"},
		{"for encryption", `{"keys":[` + strings.Replace(string(public), `"sig"`, `"enc"`, 1) + `]}`, "no usable public key"},
		{"weak", `{"keys":[{"kty":"RSA","n":"wJENDg","e":"AQAB","kid":"k"}]}`, "no usable public key"},
		{"too many", `{"keys":[` + strings.Repeat("{},", 200) + `{}]}`, "at most 200"},
		{"too large", `{"keys":[` + strings.Repeat(" ", 1<<20) + `]}`, "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t, key)
			config := i.config(new(logBuffer))
			config.JWKSURL = i.URL + "/keys"
			// Without a socket, a busy machine cannot make the fetch time out.
			config.HTTPClient = &http.Client{Transport: answering(c.body)}
			s := serve(t, newBearer(t, config))
			mustBeUnavailable(t, s.provision(t, key.sign(t, i.claims(nil))))
			if !strings.Contains(s.log.String(), c.want) {
				t.Errorf("no %q in %s", c.want, s.log)
			}
		})
	}
}

// answering is a transport that responds to every request with its text.
type answering string

// RoundTrip implements [http.RoundTripper].
func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}

// Unusable keys do not affect the others.
func TestBearerMixedKeySet(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "")
	i := newIssuer(t, key)
	public, err := key.public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	i.breakWith(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"new"},{"kty":"oct","k":"aHVudGVyMg"},7,%s],"more":1}`, public)
	})
	config := i.config(new(logBuffer))
	config.JWKSURL = i.URL + "/keys"
	s := serve(t, newBearer(t, config))
	mustAccept(t, s.provision(t, key.sign(t, i.claims(nil))), "cc-client", "bearer", "")
	mustRefuse(t, s.provision(t, "Bearer "+signWith(t, jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("hunter2 ", 8))}, i.claims(nil))), bearerChallenge)
}

func TestBearerBadDiscovery(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for _, c := range []struct {
		name   string
		answer func(*issuer) http.HandlerFunc
		want   string
	}{
		{"another issuer", func(*issuer) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"issuer":"https://other.example","jwks_uri":"https://other.example/keys"}`))
			}
		}, "did not match"},
		{"keys over http", func(i *issuer) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":"http://other.example/keys"}`, i.URL)
			}
		}, "must be an https URL"},
		{"no keys", func(i *issuer) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"issuer":%q}`, i.URL)
			}
		}, "is not a URL"},
		{"redirect to http", func(*issuer) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://other.example/", http.StatusFound)
			}
		}, "must be an https URL"},
		{"redirects without end", func(*issuer) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }
		}, "too many redirects"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t, key)
			i.breakWith(c.answer(i))
			s := serve(t, newBearer(t, i.config(new(logBuffer))))
			mustBeUnavailable(t, s.provision(t, key.sign(t, i.claims(nil))))
			if !strings.Contains(s.log.String(), c.want) {
				t.Errorf("no %q in %s", c.want, s.log)
			}
		})
	}
}

// A client that leaves during a fetch stops waiting, and the fetch continues.
func TestBearerClientLeaves(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	i := newIssuer(t, key)
	asked, answer := make(chan struct{}), make(chan struct{})
	var once sync.Once
	i.breakWith(func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { close(asked) })
		<-answer
		public, err := key.public().MarshalJSON()
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(w, `{"keys":[%s]}`, public)
	})
	config := i.config(new(logBuffer))
	config.JWKSURL = i.URL + "/keys"
	b := newBearer(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	token := key.sign(t, i.claims(nil))
	go func() {
		_, err := b.Authenticate(request(ctx, token))
		left <- err
	}()
	<-asked
	cancel()
	if err := <-left; !errors.Is(err, openbroker.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(answer)
	if _, err := b.Authenticate(request(t.Context(), token)); err != nil {
		t.Error(err)
	}
}

// One issuer never responds, and nothing listens at the address of the other.
func TestBearerTimeout(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	i := newIssuer(t, key)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	i.breakWith(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	hanging := i.config(new(logBuffer))
	hanging.HTTPClient.Timeout = 50 * time.Millisecond // Shorter timeouts are kept.
	gone := newIssuer(t, key)
	unreachable := gone.config(new(logBuffer))
	token := key.sign(t, gone.claims(nil))
	gone.Close()
	mustBeUnavailable(t, serve(t, newBearer(t, hanging)).provision(t, key.sign(t, i.claims(nil))))
	mustBeUnavailable(t, serve(t, newBearer(t, unreachable)).provision(t, token))
}

var _ openbroker.Authenticator = (*auth.Bearer)(nil)
