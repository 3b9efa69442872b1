package remote

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

// ConnectionFlags are the flags with which a command reaches a running broker and logs
// in, in all ways of platforms.
type ConnectionFlags struct {
	CatalogFlags
	password, bearer, clientCert, clientKey string
}

// maxIdle limits the connections that wait for the next request.
const maxIdle = 64

// Add adds the flags.
func (f *ConnectionFlags) Add(set *pflag.FlagSet) {
	f.CatalogFlags.Add(set)
	set.StringVar(&f.password, "password", "", "`PASSWORD`; other users of the machine can see it: prefer --password-file")
	set.StringVar(&f.bearer, "bearer", "", "bearer `TOKEN`; other users of the machine can see it: prefer --bearer-file")
	set.StringVar(&f.clientCert, "client-cert", "", "`FILE` with the client certificate, in PEM")
	set.StringVar(&f.clientKey, "client-key", "", "`FILE` with the key of the client certificate, in PEM")
}

// A Connection is the address of a broker and the way to log in.
type Connection struct {
	// URL is without credentials.
	URL string
	Login
	// Client presents the client certificate, if there is one. Anonymous does not; it
	// is nil without a client certificate.
	Client, Anonymous *http.Client
}

// LogsIn reports whether the connection has credentials.
func (c *Connection) LogsIn() bool {
	return c.Username != "" || c.Bearer != "" || c.Anonymous != nil
}

// RequiresCertificate reports whether the broker refuses TLS connections without the
// client certificate. Then an anonymous request never reaches HTTP.
func (c *Connection) RequiresCertificate(ctx context.Context, timeout time.Duration) bool {
	if c.Anonymous == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/v2/catalog", http.NoBody)
	if err != nil {
		return false // The run reports it.
	}
	response, err := c.Anonymous.Do(request)
	if err != nil {
		return true
	}
	_ = response.Body.Close() // Any response is enough.
	return false
}

// Connect evaluates the flags, the URL and the environment. It sends nothing. Its
// errors do not repeat the URL, which may contain a password.
func (f *ConnectionFlags) Connect(location string) (*Connection, error) {
	target, err := url.Parse(location)
	if err != nil || target.Host == "" || !IsURL(location) {
		return nil, errors.New("the URL of the broker is invalid: write it as https://broker.example.com")
	}
	if target.RawQuery != "" || target.ForceQuery || target.Fragment != "" {
		return nil, errors.New("the URL of the broker has a query or a fragment: write it as https://broker.example.com")
	}
	c := &Connection{}
	if c.Login, err = f.logIn(target.User); err != nil {
		return nil, err
	}
	target.User = nil
	c.URL = target.String()
	return c, f.clients(c)
}

// logIn takes the credentials from the URL, the flags or the environment, in this
// order. Those of the URL and of the flags exclude each other.
func (f *ConnectionFlags) logIn(user *url.Userinfo) (Login, error) {
	if user == nil {
		return f.CatalogFlags.logIn(f.password, f.bearer)
	}
	if f.username != "" || f.password != "" || f.passwordFile != "" || f.bearer != "" || f.bearerFile != "" {
		return Login{}, errSeveralLogins
	}
	return loginOf(user), nil
}

func (f *ConnectionFlags) clients(c *Connection) error {
	transport, err := f.transport()
	if err != nil {
		return err
	}
	transport.MaxIdleConnsPerHost = maxIdle
	c.Client = &http.Client{Transport: transport}
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
	c.Anonymous = c.Client
	authenticated := transport.Clone()
	authenticated.TLSClientConfig.Certificates = []tls.Certificate{certificate}
	c.Client = &http.Client{Transport: authenticated}
	return nil
}
