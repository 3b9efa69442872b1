package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// talk opens a connection and writes text to it.
func (r *running) talk(t *testing.T, text string) *bufio.Reader {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(connection, text)
	return bufio.NewReader(connection)
}

// closed checks that the server closes the connection.
func closed(t *testing.T, connection io.Reader) {
	t.Helper()
	_, err := io.Copy(io.Discard, connection)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection is still open")
	}
}

func TestSlowHeader(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{ReadHeaderTimeout: 20 * time.Millisecond})
	closed(t, s.talk(t, "GET /v2/catalog HTTP/1.1\r\nHost: x\r\nX-Slow"))
	closed(t, s.talk(t, ""))
}

func TestIdleConnection(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{IdleTimeout: 20 * time.Millisecond})
	connection := s.talk(t, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	response, err := http.ReadResponse(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	closed(t, connection)
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{ReadTimeout: readTimeout})
	for request, status := range map[string]int{
		"PUT /v2/service_instances/a":      http.StatusRequestTimeout,
		"GET /nowhere":                     http.StatusNotFound,
		"POST /healthz":                    http.StatusMethodNotAllowed,
		"DELETE /v2/service_instances/a?x": http.StatusBadRequest,
	} {
		for _, length := range []string{"Content-Length: 100", "Transfer-Encoding: chunked"} {
			t.Run(request+" "+length, func(t *testing.T) {
				t.Parallel()
				connection := s.talk(t, request+" HTTP/1.1\r\nHost: x\r\nX-Broker-API-Version: 2.17\r\n"+length+"\r\n\r\n")
				response, err := http.ReadResponse(connection, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode != status || !strings.Contains(string(body), `"description"`) {
					t.Errorf("%s %s", response.Status, body)
				}
				closed(t, connection)
			})
		}
	}
}

// readTimeout is long enough for handshakes and headers on a busy machine.
const readTimeout = 400 * time.Millisecond

// A patientBroker takes longer than ReadTimeout.
type patientBroker struct{ *testBroker }

func (b patientBroker) Provision(ctx context.Context, _ *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return &openbroker.ProvisionResponse{}, b.work(ctx)
}

func (b patientBroker) Deprovision(ctx context.Context, _ *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return &openbroker.DeprovisionResponse{}, b.work(ctx)
}

func (patientBroker) work(ctx context.Context) error {
	select {
	case <-time.After(readTimeout * 3 / 2):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ReadTimeout does not limit the work of the broker.
func TestSlowBroker(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	secret := newSecret(t, pairFiles(t, ca, "server"))
	for name, c := range map[string]struct {
		tls    *server.TLS
		client *http.Client
	}{
		"HTTP/1.1": {nil, newClient()},
		"HTTP/2": {
			&server.TLS{CertFile: secret.path("tls.crt"), KeyFile: secret.path("tls.key")},
			clientTLS(&tls.Config{RootCAs: ca.pool()}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, patientBroker{newBroker("one")}, server.Config{ReadTimeout: readTimeout, TLS: c.tls})
			for _, request := range []struct {
				method, query, body string
				length              int64
				status              int
			}{
				{"PUT", "", provisionBody, int64(len(provisionBody)), http.StatusCreated},
				{"PUT", "", provisionBody, -1, http.StatusCreated}, // chunked
				{"DELETE", "?service_id=one-service&plan_id=one-plan", "", 0, http.StatusOK},
			} {
				r, err := http.NewRequestWithContext(t.Context(), request.method, s.url+"/v2/service_instances/a"+request.query, strings.NewReader(request.body))
				if err != nil {
					t.Fatal(err)
				}
				r.ContentLength = request.length
				r.Header.Set("X-Broker-API-Version", "2.17")
				response, err := c.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if response.StatusCode != request.status {
					t.Errorf("%s, length %d: %s", request.method, request.length, response.Status)
				}
			}
		})
	}
}

func TestOversized(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{MaxHeaderBytes: 4096})
	connection := s.talk(t, "GET /v2/catalog HTTP/1.1\r\nHost: x\r\nX-Large: "+strings.Repeat("x", 16<<10)+"\r\n\r\n")
	response, err := http.ReadResponse(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a large header: %s", response.Status)
	}
	for _, length := range []string{"Content-Length: 1000000000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n200000\r\n" + strings.Repeat(" ", 2<<20) + "\r\n0\r\n\r\n"} {
		connection := s.talk(t, "PUT /v2/service_instances/a HTTP/1.1\r\nHost: x\r\nX-Broker-API-Version: 2.17\r\n"+length)
		response, err := http.ReadResponse(connection, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), `"description"`) {
			t.Errorf("a large body: %s %s", response.Status, body)
		}
	}
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, "one-service")
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{ReadTimeout: time.Minute})
	client := &http.Client{Transport: &http.Transport{}}
	var reused int
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if info.Reused {
			reused++
		}
	}})
	for i := range 4 {
		if a := send(ctx, client, "PUT", fmt.Sprintf("%s/v2/service_instances/%d", s.url, i), provisionBody); a.err != nil || a.StatusCode != http.StatusCreated {
			t.Fatalf("request %d: %+v", i, a)
		}
	}
	if reused != 3 {
		t.Errorf("%d of 4 requests reused the connection", reused)
	}
}

func TestAbortedClient(t *testing.T) {
	t.Parallel()
	broker := newBroker("one")
	s := start(t, broker, server.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	response := make(chan result, 1)
	go func() {
		response <- send(ctx, newClient(), "PUT", s.url+"/v2/service_instances/slow", provisionBody)
	}()
	receive(t, broker.entered, "the request to arrive")
	cancel()
	receive(t, broker.canceled, "the broker's context to end")
	receive(t, response, "the client to give up")
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, "one-service")
	s.Stop()
	if err := s.wait(t); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
