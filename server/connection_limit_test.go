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
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// readStatus reads a response from a connection that stays open and returns the status.
func readStatus(t *testing.T, connection *bufio.Reader) int {
	t.Helper()
	response, err := http.ReadResponse(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode
}

const probe = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

// A new connection replaces the one that has been idle longest.
func TestConnectionLimitClosesIdle(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{MaxConnections: 3})
	connections := make([]*bufio.Reader, 5)
	for i := range connections {
		connections[i] = s.talk(t, probe)
		if status := readStatus(t, connections[i]); status != http.StatusOK {
			t.Errorf("connection %d: %d", i, status)
		}
	}
	// The server may notice idle connections in any order.
	ended := make(chan struct{}, len(connections))
	for _, connection := range connections {
		go func() {
			_, err := connection.ReadByte()
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				ended <- struct{}{}
			}
		}()
	}
	for range 2 {
		receive(t, ended, "a connection is closed")
	}
	record := s.log.await(t, "the limit of connections is reached: new ones replace idle ones, or wait while all are busy", 1)
	if record["connections"] != 3.0 {
		t.Errorf("logged %v", record)
	}
	if found, _ := s.log.find(record["msg"].(string)); len(found) != 1 {
		t.Errorf("logged %d times", len(found))
	}
	// A connection that sends nothing is idle, too.
	for range 3 {
		s.talk(t, "")
	}
	if status := readStatus(t, s.talk(t, probe)); status != http.StatusOK {
		t.Errorf("beside silent connections: %d", status)
	}
}

// While all connections are busy, a new one waits.
func TestConnectionLimitWaits(t *testing.T) {
	t.Parallel()
	broker := newBroker("one")
	s := start(t, broker, server.Config{MaxConnections: 2})
	first, second := s.provision(t, "slow-1"), s.provision(t, "slow-2")
	receive(t, broker.entered, "the first request")
	receive(t, broker.entered, "the second request")
	third := s.provision(t, "quick")
	s.log.await(t, "the limit of connections is reached: new ones replace idle ones, or wait while all are busy", 1)
	if len(third) > 0 {
		t.Error("the third connection was accepted")
	}
	close(broker.release)
	for _, answers := range []<-chan result{first, second, third} {
		if a := receive(t, answers, "a response"); a.err != nil || a.StatusCode != http.StatusCreated {
			t.Errorf("%+v", a)
		}
	}
	// A waiting connection does not keep the server from stopping.
	s.Stop()
	if err := s.wait(t); err != nil {
		t.Error(err)
	}
}

// A countingBroker counts its concurrent requests.
type countingBroker struct {
	*testBroker
	now, most atomic.Int64
}

func (b *countingBroker) Provision(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	now := b.now.Add(1)
	defer b.now.Add(-1)
	for most := b.most.Load(); now > most && !b.most.CompareAndSwap(most, now); most = b.most.Load() {
	}
	return &openbroker.ProvisionResponse{}, nil
}

// With many more clients than connections, all clients get a response, also over TLS.
func TestConnectionLimitManyClients(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	secret := newSecret(t, pairFiles(t, ca, "server"))
	for name, c := range map[string]struct {
		tls    *server.TLS
		client func() *http.Client
	}{
		"plain": {nil, newClient},
		"TLS": {
			&server.TLS{CertFile: secret.path("tls.crt"), KeyFile: secret.path("tls.key")},
			func() *http.Client { return clientTLS(&tls.Config{RootCAs: ca.pool()}) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit, clients = 8, 100
			broker := &countingBroker{testBroker: newBroker("one")}
			s := start(t, broker, server.Config{MaxConnections: limit, TLS: c.tls})
			answers := make(chan result, clients)
			for i := range clients {
				go func() {
					client := c.client()
					client.Transport.(*http.Transport).DisableKeepAlives = true
					var a result
					for range clients { // A connection that has sent nothing may be closed for a new one.
						if a = send(t.Context(), client, http.MethodPut, fmt.Sprintf("%s/v2/service_instances/%d", s.url, i), provisionBody); a.err == nil {
							break
						}
					}
					answers <- a
				}()
			}
			for range clients {
				if a := receive(t, answers, "a response"); a.err != nil || a.StatusCode != http.StatusCreated {
					t.Errorf("%+v", a)
				}
			}
			if most := broker.most.Load(); most > limit {
				t.Errorf("%d concurrent requests over %d connections", most, limit)
			}
		})
	}
}

func TestLimitsRefused(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]server.Config{
		"Config.MaxConnections is -1":         {MaxConnections: -1},
		"or raise the limit of the process":   {MaxConnections: 1 << 29},
		"Config.BodyBudget is 1: it must be":  {BodyBudget: 1},
		"Config.BodyBudget is -1: it must be": {BodyBudget: -1},
	} {
		if _, err := server.New(newBroker("one"), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
