package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/openbroker/openbroker/provider"
)

// The modes of TLS.
const (
	// ModeVerifyFull verifies the certificate and the host name.
	ModeVerifyFull = "verify-full"
	// ModeVerifyCA verifies the certificate, but not the host name.
	ModeVerifyCA = "verify-ca"
	// ModeRequire encrypts, and verifies nothing.
	ModeRequire = "require"
	// ModeDisable does not encrypt.
	ModeDisable = "disable"
)

// TLS are the settings for encrypted connections to a server.
type TLS struct {
	Mode        string        `yaml:"mode" enum:"verify-full,verify-ca,require,disable" doc:"verify-full checks the certificate and the host name, verify-ca only the certificate, require only encrypts, disable does not"`
	CA          provider.Path `yaml:"ca" doc:"file with the PEM certificates of the server's authorities; those of the system by default"`
	Certificate provider.Path `yaml:"certificate" doc:"file with the broker's own PEM certificate, for servers that demand one"`
	Key         provider.Path `yaml:"key" doc:"file with the key of the certificate"`
	ServerName  string        `yaml:"server_name" doc:"host name that the server's certificate must have; that of the address by default"`
}

// Check returns what cannot be used together. The error is a [*provider.FieldError] for
// a field under the given name of the settings, such as "tls".
func (t TLS) Check(name string) error {
	if (t.Certificate == "") != (t.Key == "") {
		return &provider.FieldError{Field: name, Err: errors.New("needs both certificate and key, or none")}
	}
	if (t.Mode == ModeDisable || t.Mode == ModeRequire) && (t.CA != "" || t.ServerName != "") {
		return &provider.FieldError{Field: name + ".mode", Err: fmt.Errorf("is %s, which verifies nothing: remove ca and server_name, or use verify-full", t.Mode)}
	}
	return nil
}

// Config returns the configuration for connections with the host in the mode, or nil
// for ModeDisable. An empty mode is ModeVerifyFull. It reads the files each time, so
// that connections use renewed certificates. The errors name the files.
func (t TLS) Config(mode, host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.ServerName != "" {
		config.ServerName = t.ServerName
	}
	if t.Certificate != "" {
		certificate, err := tls.LoadX509KeyPair(string(t.Certificate), string(t.Key))
		if err != nil {
			return nil, fmt.Errorf("the broker's certificate %s: %w", t.Certificate, err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if t.CA != "" {
		pem, err := os.ReadFile(string(t.CA))
		if err != nil {
			return nil, fmt.Errorf("the certificates of the authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no PEM certificate", t.CA)
		}
	}
	switch mode {
	case ModeDisable:
		return nil, nil //nolint:nilnil // The drivers take nil for connections without TLS.
	case ModeRequire:
		config.InsecureSkipVerify = true
	case ModeVerifyCA:
		// crypto/tls verifies all or nothing.
		config.InsecureSkipVerify = true
		roots := config.RootCAs
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, roots) }
	}
	return config, nil
}

// verifyChain verifies the certificate of a server except for its host name.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the server sent no certificate")
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, certificate := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	if _, err := state.PeerCertificates[0].Verify(options); err != nil {
		return fmt.Errorf("the certificate of the server: %w", err)
	}
	return nil
}

// CAText returns the text of the CA file, for the credentials of applications; empty
// without one.
func (t TLS) CAText() (string, error) {
	if t.CA == "" {
		return "", nil
	}
	text, err := os.ReadFile(string(t.CA))
	if err != nil {
		return "", fmt.Errorf("the certificates of the authorities: %w", err)
	}
	return string(text), nil
}
