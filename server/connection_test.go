package server_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/server"
)

// A wire is a server with a function that connects to it.
type wire struct {
	name string
	dial func(t *testing.T) net.Conn
	s    *running
}

// wires returns a server with plain HTTP and one with HTTPS.
func wires(t *testing.T, config server.Config) []wire {
	t.Helper()
	ca := newAuthority(t)
	plain := start(t, newBroker("one"), config)
	secret := newSecret(t, pairFiles(t, ca, "server"))
	config.TLS = &server.TLS{CertFile: secret.path("tls.crt"), KeyFile: secret.path("tls.key")}
	secure := start(t, newBroker("one"), config)
	dial := func(t *testing.T, s *running) net.Conn {
		t.Helper()
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		return c
	}
	return []wire{
		{"HTTP", func(t *testing.T) net.Conn { t.Helper(); return dial(t, plain) }, plain},
		{"HTTPS", func(t *testing.T) net.Conn {
			t.Helper()
			return tls.Client(dial(t, secure), &tls.Config{RootCAs: ca.pool(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
		}, secure},
	}
}

// object reads a response, which must be a JSON object, and returns its description.
func object(t *testing.T, from *bufio.Reader) (status int, description string) {
	t.Helper()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Description string }
	if err := json.Unmarshal(body, &answer); err != nil || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s with %q is not a JSON object: %q", response.Status, response.Header.Get("Content-Type"), body)
	}
	return response.StatusCode, answer.Description
}

// Error responses of net/http are JSON objects, too.
func TestErrorsOfTheServer(t *testing.T) {
	t.Parallel()
	for _, w := range wires(t, server.Config{MaxHeaderBytes: 4096}) {
		for name, c := range map[string]struct {
			request     string
			status      int
			description string
		}{
			"no HTTP":           {"GET\r\n\r\n", 400, "not valid HTTP."},
			"no host":           {"GET /v2/catalog HTTP/1.1\r\n\r\n", 400, "missing required Host header"},
			"malformed escape":  {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400, "not valid HTTP"},
			"malformed header":  {"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400, "not valid HTTP"},
			"two lengths":       {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "not valid HTTP"},
			"negative length":   {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400, "not valid HTTP"},
			"expectation":       {"PUT /v2/service_instances/a HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", 417, "100-continue"},
			"large header":      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 16<<10) + "\r\n\r\n", 431, "too large"},
			"another encoding":  {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "use only chunked"},
			"another version":   {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505, "unsupported protocol version"},
			"after a good one":  {"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET\r\n\r\n", 200, ""},
			"both":              {"PUT /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "ambiguous"},
			"both, other order": {"PUT /nowhere HTTP/1.1\r\nHost: h\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", 400, "ambiguous"},
			"both in HTTP/1.0":  {"PUT / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, "ambiguous"},
			"chunks in 1.0":     {"PUT / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "ambiguous"},
			"length continued":  {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 5\r\n\r\n12345", 400, "ambiguous"},
		} {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				c0 := w.dial(t)
				_, _ = io.WriteString(c0, c.request)
				from := bufio.NewReader(c0)
				status, description := object(t, from)
				if status != c.status || !strings.Contains(description, c.description) {
					t.Errorf("%d %q, want %d with %q", status, description, c.status, c.description)
				}
				if c.status == http.StatusOK {
					if status, _ := object(t, from); status != http.StatusBadRequest {
						t.Errorf("the second response is %d", status)
					}
				}
				closed(t, from)
			})
		}
	}
}

// The server detects an ambiguous request at any position of a connection and in
// pieces of any size. It closes the connection and does not serve what follows.
func TestAmbiguousRequest(t *testing.T) {
	t.Parallel()
	const (
		head      = "PUT /v2/service_instances/%s HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\n"
		smuggled  = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
		ambiguous = "PUT /v2/service_instances/c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	)
	good := fmt.Sprintf(head+"Content-Length: %d\r\n\r\n%s", "a", len(provisionBody), provisionBody) +
		fmt.Sprintf(head+"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nX-Trailer: Content-Length: 1\r\n\r\n", "b", provisionBody[:5], len(provisionBody)-5, provisionBody[5:]) +
		"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
	text := good + ambiguous + smuggled
	for _, w := range wires(t, server.Config{}) {
		for _, size := range []int{1, 7, len(text)} {
			t.Run(fmt.Sprintf("%s/%d", w.name, size), func(t *testing.T) {
				t.Parallel()
				c := w.dial(t)
				go func() {
					for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
						if _, err := io.WriteString(c, rest[:min(size, len(rest))]); err != nil {
							return // The server has closed.
						}
					}
				}()
				from := bufio.NewReader(c)
				for i, want := range []int{http.StatusCreated, http.StatusCreated, http.StatusOK, http.StatusBadRequest} {
					if status, description := object(t, from); status != want {
						t.Errorf("response %d: %d %s", i+1, status, description)
					}
				}
				if behind, _ := io.ReadAll(from); len(behind) > 0 {
					t.Errorf("the request behind it was served: %s", behind)
				}
				if line := w.s.log.await(t, "connection trouble", 1); !strings.Contains(line["error"].(string), "Transfer-Encoding") {
					t.Errorf("logged %v", line)
				}
			})
		}
	}
}

// The server does not mistake a body for a header, nor a response of a handler for an
// error of net/http.
func TestUnambiguousConnections(t *testing.T) {
	t.Parallel()
	for _, w := range wires(t, server.Config{}) {
		c := w.dial(t)
		from := bufio.NewReader(c)
		body := "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + provisionBody
		for i := range 3 {
			fmt.Fprintf(c, "PUT /v2/service_instances/%d HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nX-Content-Length: 1\r\nContent-Length: %d\r\n\r\n%s", i, len(body), body)
			if status, description := object(t, from); status != http.StatusBadRequest || !strings.Contains(description, "JSON") {
				t.Errorf("%s: %d %s", w.name, status, description)
			}
		}
	}
	for _, answer := range []string{
		"", "HTTP/1.1 400", "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n200 OK",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nDate: x\r\n\r\n400 Bad Request",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nanother text",
		"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
	} {
		if got := server.PlainErrorAsJSON([]byte(answer)); got != nil {
			t.Errorf("%q became %q", answer, got)
		}
	}
}

// The TLS listener supports HTTP/2, and responds to plain HTTP with JSON.
func TestListenerOfTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	secret := newSecret(t, pairFiles(t, ca, "server"))
	s := start(t, newBroker("one"), server.Config{TLS: &server.TLS{CertFile: secret.path("tls.crt"), KeyFile: secret.path("tls.key")}})
	for _, protocols := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}, nil} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool(), NextProtos: protocols}, ForceAttemptHTTP2: len(protocols) > 1, DisableKeepAlives: true}
		a := send(t.Context(), &http.Client{Transport: transport}, "PUT", s.url+"/v2/service_instances/a", provisionBody)
		if a.err != nil || a.StatusCode != http.StatusCreated || (a.ProtoMajor == 2) != (len(protocols) > 1) {
			t.Errorf("%v: %+v", protocols, a)
		}
	}
	from := s.talk(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if status, description := object(t, from); status != http.StatusBadRequest || !strings.Contains(description, "https://") {
		t.Errorf("%d %s", status, description)
	}
	if line := s.log.await(t, "connection trouble", 1); !strings.Contains(line["error"].(string), "HTTP request to an HTTPS server") {
		t.Errorf("logged %v", line)
	}
	// A handshake that never ends delays neither other connections nor the drain.
	s.talk(t, "\x16\x03\x01")
	if a := send(t.Context(), clientTLS(&tls.Config{RootCAs: ca.pool()}), "GET", s.url+"/healthz", ""); a.err != nil {
		t.Error(a.err)
	}
	s.Stop()
	if err := s.wait(t); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

// FuzzFraming: framing counts every request that net/http serves, in pieces of any
// size.
func FuzzFraming(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\nHost: h\n\n", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n 3\r\n\r\nabc", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
	} {
		f.Add([]byte(seed), 1)
		f.Add([]byte(seed), 1000)
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		counted := &countingReader{r: bytes.NewReader(text)}
		buffered := bufio.NewReader(counted)
		requests, end := int64(0), 0
		for {
			r, err := http.ReadRequest(buffered)
			if err != nil {
				break
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				break
			}
			requests++
			end = counted.n - buffered.Buffered()
		}
		served := text[:end]
		var pieces [][]byte
		for rest := served; len(rest) > 0; rest = rest[len(pieces[len(pieces)-1]):] {
			pieces = append(pieces, rest[:min(len(rest), 1+int(uint(size)%64))])
		}
		headers, ambiguous := server.Frame(pieces...)
		if again, same := server.Frame(served); again != headers || same != ambiguous {
			t.Errorf("in pieces: %d and %d; in one piece: %d and %d", headers, ambiguous, again, same)
		}
		lower := bytes.ToLower(served)
		switch {
		case ambiguous == 0 && headers != requests:
			t.Errorf("%d headers of %d requests were counted in %q", headers, requests, served)
		case ambiguous > requests:
			t.Errorf("of %d requests, %d is ambiguous in %q", requests, ambiguous, served)
		case ambiguous > 0 && !bytes.Contains(lower, []byte("transfer-encoding")) && !bytes.Contains(lower, []byte("content-length")):
			t.Errorf("nothing is ambiguous in %q", served)
		}
	})
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
