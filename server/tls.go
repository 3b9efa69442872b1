package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// DefaultReloadInterval is how often certificate files are read without a
// notification of the file system.
const DefaultReloadInterval = 10 * time.Second

// TLS configures HTTPS: TLS 1.2 or later, with HTTP/2. The server reads the files
// again after a notification of the file system and every ReloadInterval, so that
// they can be replaced while it runs: by writing in place, by a rename, or by the
// swapped links of a Kubernetes secret. Existing connections are not affected. If
// the new files are unusable, the server logs an error once and keeps using the last
// good ones.
type TLS struct {
	// CertFile is a PEM file with the server's certificate, followed by any
	// intermediate ones. Required.
	CertFile string

	// KeyFile is a PEM file with the private key. Required.
	KeyFile string

	// ClientCAFile is a PEM file with the certificate authorities of clients. If it
	// is set, clients must present a certificate (mutual TLS). ClientCert of package
	// auth authenticates clients by it.
	ClientCAFile string

	// ClientCertOptional also accepts clients without a certificate, so that health
	// probes and basic authentication can share the port. A certificate that a
	// client presents is still verified. The Authenticator must refuse clients
	// without credentials.
	ClientCertOptional bool

	// ReloadInterval is how often the files are read without a notification of the
	// file system. The default is DefaultReloadInterval.
	ReloadInterval time.Duration
}

func (t TLS) withDefaults() TLS {
	setDefault(&t.ReloadInterval, DefaultReloadInterval)
	return t
}

func (t *TLS) validate() error {
	var problems []error
	if t.CertFile == "" {
		problems = append(problems, errors.New("Config.TLS.CertFile is empty: name the PEM file of the certificate"))
	}
	if t.KeyFile == "" {
		problems = append(problems, errors.New("Config.TLS.KeyFile is empty: name the PEM file of the private key"))
	}
	if t.ClientCertOptional && t.ClientCAFile == "" {
		problems = append(problems, errors.New("Config.TLS.ClientCertOptional is set without Config.TLS.ClientCAFile: name the PEM file of the client authorities"))
	}
	if t.ReloadInterval < 0 {
		problems = append(problems, fmt.Errorf("Config.TLS.ReloadInterval is %v: it must not be negative; leave it zero for the default", t.ReloadInterval))
	}
	return errors.Join(problems...)
}

// A TLSFileError describes an unusable file of a [TLS].
type TLSFileError struct {
	// Field is the field that names the file: CertFile, KeyFile or ClientCAFile.
	Field string
	// Err is the reason.
	Err error
}

// Error returns the field and the reason.
func (e *TLSFileError) Error() string { return "Config.TLS." + e.Field + " " + e.Err.Error() }

// Unwrap returns Err.
func (e *TLSFileError) Unwrap() error { return e.Err }

// CheckFiles returns a [TLSFileError] for the first unusable file.
func (t TLS) CheckFiles() error {
	content, err := t.read()
	if err == nil {
		_, err = t.parse(content)
	}
	return err
}

// files is the content of the three files.
type files struct{ cert, key, clientCA string }

// read returns the content of the files. ClientCAFile may be unset.
func (t *TLS) read() (files, error) {
	var content files
	for _, file := range []struct {
		field, path string
		content     *string
	}{
		{"CertFile", t.CertFile, &content.cert},
		{"KeyFile", t.KeyFile, &content.key},
		{"ClientCAFile", t.ClientCAFile, &content.clientCA},
	} {
		if file.path == "" {
			continue
		}
		data, err := os.ReadFile(file.path)
		if err != nil {
			return files{}, &TLSFileError{file.field, fmt.Errorf("cannot be read: %w", err)}
		}
		*file.content = string(data)
	}
	return content, nil
}

// paths returns the files that are set.
func (t *TLS) paths() []string {
	paths := []string{t.CertFile, t.KeyFile}
	if t.ClientCAFile != "" {
		paths = append(paths, t.ClientCAFile)
	}
	return paths
}

// parse returns the configuration of new connections.
func (t *TLS) parse(content files) (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(content.cert), []byte(content.key))
	if err != nil {
		if block, _ := pem.Decode([]byte(content.cert)); block == nil {
			return nil, &TLSFileError{"CertFile", fmt.Errorf("%s has no certificate in PEM", t.CertFile)}
		}
		if block, _ := pem.Decode([]byte(content.key)); block == nil {
			return nil, &TLSFileError{"KeyFile", fmt.Errorf("%s has no private key in PEM", t.KeyFile)}
		}
		return nil, &TLSFileError{"KeyFile", fmt.Errorf("%s is not the private key of the certificate in %s: %w", t.KeyFile, t.CertFile, err)}
	}
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{pair},
	}
	if t.ClientCAFile == "" {
		return config, nil
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM([]byte(content.clientCA)) {
		return nil, &TLSFileError{"ClientCAFile", fmt.Errorf("%s has no certificate in PEM", t.ClientCAFile)}
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	if t.ClientCertOptional {
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return config, nil
}
