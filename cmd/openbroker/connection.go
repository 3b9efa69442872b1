package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// connectionFlags are the flags with which a command reaches a running broker and logs
// in, in all ways of platforms.
type connectionFlags struct {
	catalogFlags
	password, bearer, clientCert, clientKey string
}

// maxIdle limits the connections that wait for the next request.
const maxIdle = 64

func (f *connectionFlags) add(set *pflag.FlagSet) {
	f.catalogFlags.add(set)
	set.StringVar(&f.password, "password", "", "`PASSWORD`; other users of the machine can see it: prefer --password-file")
	set.StringVar(&f.bearer, "bearer", "", "bearer `TOKEN`; other users of the machine can see it: prefer --bearer-file")
	set.StringVar(&f.clientCert, "client-cert", "", "`FILE` with the client certificate, in PEM")
	set.StringVar(&f.clientKey, "client-key", "", "`FILE` with the key of the client certificate, in PEM")
}

// A connection is the address of a broker and the way to log in.
type connection struct {
	// url is without credentials.
	url string
	login
	// client presents the client certificate, if there is one. anonymous does not; it
	// is nil without a client certificate.
	client, anonymous *http.Client
}

// logsIn reports whether the connection has credentials.
func (c *connection) logsIn() bool {
	return c.username != "" || c.bearer != "" || c.anonymous != nil
}

// requiresCertificate reports whether the broker refuses TLS connections without the
// client certificate. Then an anonymous request never reaches HTTP.
func (c *connection) requiresCertificate(ctx context.Context, timeout time.Duration) bool {
	if c.anonymous == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.url, "/")+"/v2/catalog", http.NoBody)
	if err != nil {
		return false // The run reports it.
	}
	response, err := c.anonymous.Do(request)
	if err != nil {
		return true
	}
	_ = response.Body.Close() // Any response is enough.
	return false
}

// connect evaluates the flags, the URL and the environment. It sends nothing. Its
// errors do not repeat the URL, which may contain a password.
func (f *connectionFlags) connect(location string) (*connection, error) {
	target, err := url.Parse(location)
	if err != nil || target.Host == "" || !isURL(location) {
		return nil, errors.New("the URL of the broker is invalid: write it as https://broker.example.com")
	}
	if target.RawQuery != "" || target.ForceQuery || target.Fragment != "" {
		return nil, errors.New("the URL of the broker has a query or a fragment: write it as https://broker.example.com")
	}
	c := &connection{}
	if c.login, err = f.logIn(target.User); err != nil {
		return nil, err
	}
	target.User = nil
	c.url = target.String()
	return c, f.clients(c)
}

// logIn takes the credentials from the URL, the flags or the environment, in this
// order. Those of the URL and of the flags exclude each other.
func (f *connectionFlags) logIn(user *url.Userinfo) (login, error) {
	if user == nil {
		return f.catalogFlags.logIn(f.password, f.bearer)
	}
	if f.username != "" || f.password != "" || f.passwordFile != "" || f.bearer != "" || f.bearerFile != "" {
		return login{}, errSeveralLogins
	}
	return loginOf(user), nil
}

func (f *connectionFlags) clients(c *connection) error {
	transport, err := f.transport()
	if err != nil {
		return err
	}
	transport.MaxIdleConnsPerHost = maxIdle
	c.client = &http.Client{Transport: transport}
	if f.clientCert == "" && f.clientKey == "" {
		return nil
	}
	if f.clientCert == "" || f.clientKey == "" {
		return errors.New("--client-cert and --client-key need each other: set both")
	}
	certificate, err := tls.LoadX509KeyPair(f.clientCert, f.clientKey)
	if err != nil {
		return fmt.Errorf("the client certificate %s with the key %s: %w", f.clientCert, f.clientKey, err)
	}
	c.anonymous = c.client
	authenticated := transport.Clone()
	authenticated.TLSClientConfig.Certificates = []tls.Certificate{certificate}
	c.client = &http.Client{Transport: authenticated}
	return nil
}
