package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// TestRealServerThatClosesConnections closes the connection after it has received a
// PUT, like a server whose keep-alive has just ended.
func TestRealServerThatClosesConnections(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{}`)
	}))
	server.Config.ErrorLog = nil
	defer server.Close()
	c, err := client.New(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Provision(t.Context(), provisionRequest()); err != nil || requests.Load() != 2 {
		t.Errorf("%v after %d requests", err, requests.Load())
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	c, err := client.New("http://user:hunter22@" + address + "/prefix")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Provision(t.Context(), provisionRequest())
	var silent *client.TransportError
	if !errors.As(err, &silent) || !silent.Refused || strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), "accepts_incomplete") {
		t.Errorf("%v", err)
	}
}

// TestMutualTLS verifies the broker against a private CA, and presents a client
// certificate.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"services":[{"id":"s","name":"%d certificates"}]}`, len(r.TLS.PeerCertificates))
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	c, err := client.New(server.URL+"/", client.WithRootCAs(roots), client.WithClientCertificate(server.TLS.Certificates[0]))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := c.Catalog(t.Context())
	if err != nil || catalog.Services[0].Name != "1 certificates" {
		t.Errorf("%v, %v", catalog, err)
	}
	for name, options := range map[string][]client.Option{
		"unknown CA": nil, "no certificate": {client.WithRootCAs(roots)},
	} {
		c, err := client.New(server.URL, append(options, client.WithRetries(0))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Catalog(t.Context()); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestResponseIsBounded(t *testing.T) {
	t.Parallel()
	broker := respondWith(scriptedResponse{status: 200, body: `{"services":[]}` + strings.Repeat(" ", 1000)})
	_, err := newClient(t, broker, client.WithMaxResponseSize(1000)).Catalog(t.Context())
	if err == nil || !strings.Contains(err.Error(), "larger than 1000 bytes") || broker.count() != 1 {
		t.Errorf("%v after %d requests", err, broker.count())
	}
}

type broker struct{ openbroker.Unimplemented }

func (broker) Catalog(context.Context) (*openbroker.Catalog, error) {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "s-1", Name: "s", Description: "d", Bindable: true,
		Plans: []openbroker.Plan{{ID: "p-1", Name: "p", Description: "d"}},
	}}}, nil
}

func (broker) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	if r.InstanceID == "taken" {
		return nil, openbroker.ErrInstanceAlreadyExists.WithDescription("%s is taken", r.InstanceID)
	}
	return &openbroker.ProvisionResponse{Outcome: openbroker.Accepted, Operation: r.Caller.Identity.Platform + " " + r.Caller.RequestIdentity}, nil
}

// TestClientIsABroker puts a handler in front of a client of another handler: errors
// and callers pass through.
func TestClientIsABroker(t *testing.T) {
	t.Parallel()
	inner := newClient(t, client.NewHandlerTransport(openbroker.NewHandler(broker{})))
	outer := newClient(t, client.NewHandlerTransport(openbroker.NewHandler(inner)))
	r := provisionRequest()
	r.Caller.Identity = &openbroker.OriginatingIdentity{Platform: "kubernetes", Value: []byte(`{}`)}
	r.Caller.RequestIdentity = "r-1"
	response, err := outer.Provision(t.Context(), r)
	if err != nil || response.Outcome != openbroker.Accepted || response.Operation != "kubernetes r-1" {
		t.Errorf("%+v, %v", response, err)
	}
	r.InstanceID = "taken"
	if _, err = outer.Provision(t.Context(), r); !errors.Is(err, openbroker.ErrInstanceAlreadyExists) || !strings.Contains(err.Error(), "taken is taken") {
		t.Errorf("%v", err)
	}
}

// TestHandlerTransport checks that the transport behaves like net/http.
func TestHandlerTransport(t *testing.T) {
	t.Parallel()
	get := func(ctx context.Context, handler http.HandlerFunc) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://h.example/a%2Fb?c=d", nil)
		if err != nil {
			t.Fatal(err)
		}
		return client.NewHandlerTransport(handler).RoundTrip(r)
	}
	response, err := get(t.Context(), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Host+" "+r.RequestURI+" "+r.URL.EscapedPath()+" "+r.RemoteAddr)
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "1")
		w.WriteHeader(http.StatusOK)
		body, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%d %v", len(body), err)
	})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusTeapot || string(body) != "0 <nil>" || response.Header.Get("X-Late") != "" ||
		response.Header.Get("X-Seen") != "h.example /a%2Fb?c=d /a%2Fb 127.0.0.1:0" {
		t.Errorf("%d %q %v", response.StatusCode, body, response.Header)
	}
	if _, err := get(t.Context(), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }); err == nil { //nolint:bodyclose // The response is nil.
		t.Error("a panic returned no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	// The handler outlives the call: a response that is ready may win against the
	// cancellation.
	returned, left := make(chan struct{}), make(chan struct{})
	_, err = get(ctx, func(_ http.ResponseWriter, r *http.Request) { //nolint:bodyclose // The response is nil.
		cancel()
		<-r.Context().Done()
		<-returned
		close(left)
	})
	close(returned)
	if <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
