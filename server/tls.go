package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"
)

// DefaultReloadInterval is how often certificate files are looked at.
const DefaultReloadInterval = 10 * time.Second

// TLS says how to speak HTTPS: TLS 1.2 or later, with HTTP/2. The files are read
// again every ReloadInterval, so that they can be replaced while the server
// runs, by a plain write, a rename, or the swapped links of a Kubernetes secret.
// Connections that exist keep what they were opened with. Files that cannot be
// used are logged as an error, once, and what was loaded last stays in use.
type TLS struct {
	// CertFile is a PEM file with the server's certificate, followed by any
	// intermediate ones. Required.
	CertFile string

	// KeyFile is a PEM file with the private key. Required.
	KeyFile string

	// ClientCAFile is a PEM file with the authorities whose client certificates
	// are accepted. If set, clients must present one: mutual TLS. The broker
	// finds who it was with auth's ClientCert.
	ClientCAFile string

	// ClientCertOptional also lets clients in that present no certificate; one
	// that they do present is still verified. Health probes and Basic
	// authentication can then share the port with mutual TLS, and an
	// Authenticator must do the refusing.
	ClientCertOptional bool

	// ReloadInterval is how often the files are read, DefaultReloadInterval if
	// zero.
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

// files is the content of the three files.
type files struct{ cert, key, clientCA string }

// read returns the content of the files; ClientCAFile may be unset.
func (t *TLS) read() (files, error) {
	var content files
	for _, file := range []struct {
		field, path string
		content     *string
	}{
		{"Config.TLS.CertFile", t.CertFile, &content.cert},
		{"Config.TLS.KeyFile", t.KeyFile, &content.key},
		{"Config.TLS.ClientCAFile", t.ClientCAFile, &content.clientCA},
	} {
		if file.path == "" {
			continue
		}
		data, err := os.ReadFile(file.path)
		if err != nil {
			return files{}, fmt.Errorf("%s cannot be read: %w", file.field, err)
		}
		*file.content = string(data)
	}
	return content, nil
}

// parse makes the configuration of new connections.
func (t *TLS) parse(content files) (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(content.cert), []byte(content.key))
	if err != nil {
		return nil, fmt.Errorf("Config.TLS.CertFile %s and Config.TLS.KeyFile %s are no pair of a certificate and its private key in PEM: %w", t.CertFile, t.KeyFile, err)
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
		return nil, fmt.Errorf("Config.TLS.ClientCAFile %s holds no certificate in PEM", t.ClientCAFile)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	if t.ClientCertOptional {
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return config, nil
}
