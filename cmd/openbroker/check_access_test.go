package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// certificates writes an authority, and for each name a certificate and its key, to
// NAME.pem and NAME.key.
func certificates(t *testing.T, directory string, names ...string) {
	t.Helper()
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
	}
	authority := template("authority")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	var signer *ecdsa.PrivateKey
	for _, name := range append([]string{"authority"}, names...) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		subject := template(name)
		if signer == nil {
			subject, signer = authority, key
		}
		der, err := x509.CreateCertificate(rand.Reader, subject, authority, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, directory, name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
		write(t, directory, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	}
}

// A platform logs in with its certificate, and trusts the authority of the broker.
func TestCheckClientCertificate(t *testing.T) {
	t.Parallel()
	for name, optional := range map[string]string{"optional": "true", "required": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			certificates(t, directory, "broker", "platform", "stranger")
			p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", `
data: openbroker-data
tls: {cert: broker.pem, key: broker.key, client_ca: authority.pem, client_optional: `+optional+`}
auth: {client_cert: [{common_name: platform}]}
log: {level: error}
`))
			run := func(args ...string) (code int, stdout, stderr string) {
				return command(t, directory, nil, append([]string{"check", p.url}, args...)...)
			}
			code, stdout, stderr := run("--ca-file", "authority.pem", "--client-cert", "platform.pem", "--client-key", "platform.key")
			if code != 0 || !strings.Contains(stdout, "Conformant: all MUSTs hold") {
				t.Errorf("exit code %d, standard output\n%s\nstandard error\n%s", code, stdout, stderr)
			}
			for want, args := range map[string][]string{
				"refuses the credentials": {"--ca-file", "authority.pem", "--client-cert", "stranger.pem", "--client-key", "stranger.key"},
				"certificate":             {"--client-cert", "platform.pem", "--client-key", "platform.key"}, // The system does not trust the authority of the broker.
				"the broker":              {"--insecure-skip-verify"},
			} {
				if code, stdout, stderr := run(args...); code != 2 || stdout != "" || !strings.Contains(stderr, want) {
					t.Errorf("%q: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
				}
			}
			p.stop()
		})
	}
}

// The token comes from a flag, a file or the environment; credentials may be in the URL.
func TestCheckCredentials(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	const token = "token-hunter2"
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if r.In.Header.Get("Authorization") == "Bearer "+token {
			r.Out.SetBasicAuth(p.username, p.password)
		} else {
			r.Out.Header.Del("Authorization")
		}
	}}
	bearer := httptest.NewServer(http.Handler(proxy))
	t.Cleanup(bearer.Close)
	write(t, p.cmd.Dir, "token", token+"\n")
	withUser := strings.Replace(p.url, "http://", "http://"+p.username+":"+p.password+"@", 1)
	for name, c := range map[string]struct {
		environment []string
		args        []string
	}{
		"bearer":             {nil, []string{bearer.URL, "--bearer", token}},
		"bearer file":        {nil, []string{bearer.URL + "/", "--bearer-file", "token"}},
		"bearer environment": {[]string{"OPENBROKER_BEARER_TOKEN=" + token}, []string{bearer.URL}},
		"url":                {nil, []string{withUser}},
		"flags":              {[]string{"OPENBROKER_PASSWORD=wrong"}, []string{p.url, "--username", p.username, "--password", p.password}},
		"environment":        {[]string{"OPENBROKER_USERNAME=openbroker", "OPENBROKER_PASSWORD=" + p.password}, []string{p.url}},
		"password alone":     {[]string{"OPENBROKER_PASSWORD=" + p.password}, []string{p.url}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := command(t, p.cmd.Dir, c.environment, append([]string{"check", "--only", "auth-*", "-o", "json"}, c.args...)...)
			if code != 0 || !strings.Contains(stdout, `"outcome": "passed"`) {
				t.Errorf("exit code %d, standard error %q", code, stderr)
			}
			if strings.Contains(stdout+stderr, "hunter2") || strings.Contains(stdout+stderr, p.password) {
				t.Error("a secret is shown")
			}
		})
	}
}
