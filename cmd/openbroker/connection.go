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

// connectionFlags say how a command reaches a running broker and logs in, in
// every way that platforms do.
type connectionFlags struct {
	catalogFlags
	password, bearer, clientCert, clientKey string
}

// maxIdle is how many connections are kept for the next requests.
const maxIdle = 64

func (f *connectionFlags) add(set *pflag.FlagSet) {
	f.catalogFlags.add(set)
	set.StringVar(&f.password, "password", "", "`PASSWORD`; other users of the machine can see it, so prefer --password-file")
	set.StringVar(&f.bearer, "bearer", "", "bearer `TOKEN`; other users of the machine can see it, so prefer --bearer-file")
	set.StringVar(&f.clientCert, "client-cert", "", "`FILE` with the certificate to log in with, in PEM")
	set.StringVar(&f.clientKey, "client-key", "", "`FILE` with the key of the certificate, in PEM")
}

// A connection is where a broker is, and how to log in.
type connection struct {
	// url has no credentials.
	url string
	login
	// client logs in with the certificate, if there is one. Then anonymous is
	// one that does not.
	client, anonymous *http.Client
}

// logsIn reports whether there are any credentials.
func (c *connection) logsIn() bool {
	return c.username != "" || c.bearer != "" || c.anonymous != nil
}

// refusesStrangers reports whether no connection is made without the client
// certificate, so that nobody without it can be told anything over HTTP.
func (c *connection) refusesStrangers(ctx context.Context, timeout time.Duration) bool {
	if c.anonymous == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.url, "/")+"/v2/catalog", http.NoBody)
	if err != nil {
		return false // The run will say so.
	}
	response, err := c.anonymous.Do(request)
	if err != nil {
		return true
	}
	_ = response.Body.Close() // That there is one is enough.
	return false
}

// connect works out what the flags, the URL and the environment say. It sends
// nothing. Its errors do not repeat the URL, which may have a password.
func (f *connectionFlags) connect(location string) (*connection, error) {
	target, err := url.Parse(location)
	if err != nil || target.Host == "" || !isURL(location) {
		return nil, errors.New("the URL of the broker is invalid: it is like https://broker.example.com")
	}
	if target.RawQuery != "" || target.ForceQuery || target.Fragment != "" {
		return nil, errors.New("the URL of the broker has a query or a fragment: it is like https://broker.example.com")
	}
	c := &connection{}
	if c.login, err = f.logIn(target.User); err != nil {
		return nil, err
	}
	target.User = nil
	c.url = target.String()
	return c, f.clients(c)
}

// logIn takes the credentials from the URL or the flags, whichever has some,
// and otherwise from the environment.
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
		return errors.New("--client-cert and --client-key belong together: give both")
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
