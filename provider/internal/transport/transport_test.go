package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// Each mode connects, or refuses, as its name says.
func TestModes(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, mode, host string
		settings         transport.TLS
		refused          string
	}{
		{name: "full", host: "example.com", settings: transport.TLS{CA: provider.Path(ca)}},
		{name: "full, own name", host: "127.0.0.2", settings: transport.TLS{CA: provider.Path(ca), ServerName: "example.com"}},
		{name: "full, wrong host", host: "wrong.test", settings: transport.TLS{CA: provider.Path(ca)}, refused: "not wrong.test"},
		{name: "full, unknown authority", host: "example.com", refused: "unknown authority"},
		{name: "CA", mode: transport.ModeVerifyCA, host: "wrong.test", settings: transport.TLS{CA: provider.Path(ca)}},
		{name: "CA, unknown authority", mode: transport.ModeVerifyCA, host: "example.com", refused: "unknown authority"},
		{name: "require", mode: transport.ModeRequire, host: "wrong.test"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config, err := test.settings.Config(test.mode, test.host)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			if err == nil {
				err = conn.Close()
			}
			if (err != nil) != (test.refused != "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("the connection: %v", err)
			}
		})
	}
	if config, err := (transport.TLS{}).Config(transport.ModeDisable, "host"); config != nil || err != nil {
		t.Errorf("without TLS: %v, %v", config, err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	empty := provider.Path(filepath.Join(t.TempDir(), "empty.pem"))
	if err := os.WriteFile(string(empty), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		settings transport.TLS
		problem  string
	}{
		{transport.TLS{CA: "/missing.pem"}, "/missing.pem"},
		{transport.TLS{CA: empty}, "empty.pem has no PEM certificate"},
		{transport.TLS{Certificate: "/missing.pem", Key: "/missing.key"}, "/missing.pem"},
	} {
		if _, err := test.settings.Config("", "host"); err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%+v: %v", test.settings, err)
		}
	}
	if text, err := (transport.TLS{CA: "/missing.pem"}).CAText(); err == nil {
		t.Errorf("a missing file has the text %q", text)
	}
	if text, err := (transport.TLS{}).CAText(); text != "" || err != nil {
		t.Errorf("no file has the text %q, %v", text, err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		settings transport.TLS
		problem  string
	}{
		{transport.TLS{}, ""},
		{transport.TLS{Mode: transport.ModeVerifyFull, CA: "/ca.pem", ServerName: "db.test", Certificate: "/c.pem", Key: "/k.pem"}, ""},
		{transport.TLS{Certificate: "/c.pem"}, "tls needs both"},
		{transport.TLS{Key: "/k.pem"}, "tls needs both"},
		{transport.TLS{Mode: transport.ModeDisable, CA: "/ca.pem"}, "tls.mode is disable"},
		{transport.TLS{Mode: transport.ModeRequire, ServerName: "db.test"}, "tls.mode is require"},
	} {
		err := test.settings.Check("tls")
		if (err != nil) != (test.problem != "") || err != nil && !strings.HasPrefix(err.Error(), test.problem) {
			t.Errorf("%+v: %v", test.settings, err)
		}
	}
}

// A peer that an authority of the system would not know is refused.
func TestNoCertificate(t *testing.T) {
	t.Parallel()
	config, err := (transport.TLS{}).Config(transport.ModeVerifyCA, "host")
	if err != nil {
		t.Fatal(err)
	}
	if err := config.VerifyConnection(tls.ConnectionState{}); err == nil {
		t.Error("a server without a certificate is verified")
	}
	var unknown x509.UnknownAuthorityError
	if err := config.VerifyConnection(tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Raw: []byte{1}}}}); err == nil || errors.As(err, &unknown) {
		t.Errorf("an empty certificate: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, refused := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	for _, err := range []error{
		refused, io.EOF, fmt.Errorf("read: %w", io.ErrUnexpectedEOF), net.ErrClosed, context.DeadlineExceeded,
		fmt.Errorf("write: %w", syscall.EPIPE), &net.DNSError{IsNotFound: true},
	} {
		if !transport.Unreachable(err) {
			t.Errorf("%v does not count as unreachable", err)
		}
	}
	for _, err := range []error{nil, errors.New("syntax error"), context.Canceled, syscall.ENOENT} {
		if transport.Unreachable(err) {
			t.Errorf("%v counts as unreachable", err)
		}
	}
}
