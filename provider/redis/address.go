package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

const (
	defaultPort = 6379
	// dialTimeout and commandTimeout bound what a server that is away can cost.
	dialTimeout    = 5 * time.Second
	commandTimeout = 20 * time.Second
	// minInterval bounds the work that looking at the nodes causes.
	minInterval = 100 * time.Millisecond
)

// A dialer makes the clients of the broker's account.
type dialer struct {
	username, password string
	// seeds are the addresses of the configuration, that of the URL first.
	seeds       []string
	encrypted   bool
	tls         transport.TLS
	connections int
}

// newDialer returns what is wrong with settings as a [*provider.FieldError], without a
// part of the URL, which has the password.
func newDialer(settings Settings) (*dialer, error) {
	wrong := func(field, format string, args ...any) (*dialer, error) {
		return nil, &provider.FieldError{Field: field, Err: fmt.Errorf(format, args...)}
	}
	u, err := url.Parse(string(settings.URL))
	if err != nil {
		return wrong("url", "is no URL: write redis://USER:PASSWORD@HOST:PORT, and %%23 for a # in the password")
	}
	d := &dialer{tls: settings.TLS, connections: settings.Connections}
	switch u.Scheme {
	case "redis", "valkey":
	case "rediss", "valkeys":
		d.encrypted = true
	default:
		return wrong("url", "must begin with redis:// or, with TLS, rediss://")
	}
	if u.Hostname() == "" {
		return wrong("url", "has no host")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return wrong("url", "must end after the port: it selects no database, and has no options")
	}
	if u.User != nil {
		d.username = u.User.Username()
		password, given := u.User.Password()
		if !given && d.username != "" {
			return wrong("url", "has a user and no password: write redis://:PASSWORD@HOST for the user default")
		}
		d.password = password
	}
	for i, address := range append([]string{u.Host}, settings.Nodes...) {
		field := "nodes"
		if i == 0 {
			field = "url"
		}
		seed, err := withPort(address)
		if err != nil {
			return wrong(field, "%w", err)
		}
		d.seeds = append(d.seeds, seed)
	}
	if err := settings.TLS.Check("tls"); err != nil {
		return nil, err
	}
	if !d.encrypted && settings.TLS != (transport.TLS{}) {
		return wrong("tls", "has no effect with redis://: write rediss:// in url")
	}
	if d.encrypted && settings.TLS.Mode == transport.ModeDisable {
		return wrong("tls.mode", "is disable, and url is rediss://: write redis://")
	}
	if time.Duration(settings.Check) < minInterval {
		return wrong("check_interval", "must be at least %v", minInterval)
	}
	return d, nil
}

// withPort returns the address with a port.
func withPort(address string) (string, error) {
	u, err := url.Parse("//" + address)
	if strings.Contains(address, ",") {
		return "", errors.New("has several hosts: put each but the first in nodes")
	}
	if err != nil || u.Hostname() == "" || u.Host != address || strings.Contains(u.Hostname(), ":") != strings.HasPrefix(address, "[") {
		return "", errors.New("has an address that is not HOST:PORT; an IPv6 address needs brackets")
	}
	port := u.Port()
	if port == "" {
		port = strconv.Itoa(defaultPort)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", errors.New("has a port that is not a number from 1 to 65535")
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// options are those of each client. The driver repeats a command once, because a
// connection of its pool may be older than the last restart of the server.
func (d *dialer) options(address string, database int) *goredis.Options {
	return &goredis.Options{
		Addr: address, Username: d.username, Password: d.password, DB: database,
		Dialer: d.dial, DialTimeout: dialTimeout, DialerRetries: 1, ReadTimeout: commandTimeout, WriteTimeout: commandTimeout, ContextTimeoutEnabled: true,
		MaxRetries: 1, PoolSize: d.connections, MaxActiveConns: d.connections, PipelinePoolSize: -1, MinIdleConns: 1, ConnMaxIdleTime: -1, PoolTimeout: commandTimeout,
		Protocol: 2, DisableIdentity: true, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// dial reads the files of TLS each time, because certificates are renewed.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: dialTimeout}
	if !d.encrypted {
		return plain.DialContext(ctx, network, address)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	config, err := d.tls.Config(d.tls.Mode, host)
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: plain, Config: config}).DialContext(ctx, network, address)
}
