package rabbitmq

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/provider/internal/credential"
)

// ports has the schemes that an address can have, and the port of hosts without one.
type ports map[string]int

var (
	nodePorts        = ports{"http": 15672, "https": 15671}
	applicationPorts = ports{"amqp": 5672, "amqps": 5671}
	// userPorts are those that browsers know.
	userPorts = ports{"http": 80, "https": 443}
)

// An address is a URL with one or more hosts, which net/url does not understand.
type address struct {
	scheme             string
	username, password string
	hosts              []credential.Host
	// path is empty, or begins with "/" and does not end with it.
	path string
}

// parseAddress reads SCHEME://[USERNAME:PASSWORD@]HOST[:PORT][,HOST[:PORT]]...[/PATH].
// Its errors have no part of the text, which may be secret.
func parseAddress(text string, schemes ports) (address, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	port, known := schemes[scheme]
	if !ok || !known {
		return address{}, fmt.Errorf("must begin with %s://", strings.Join(slices.Sorted(maps.Keys(schemes)), ":// or "))
	}
	a := address{scheme: scheme}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if strings.ContainsAny(path, "?#@") {
		return address{}, errors.New(`must have no "?", "#", or "@" after the hosts: write such characters of a password as %3F, %23 and %40, or use username and password`)
	}
	var err error
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if a.username, a.password, err = parseAccount(authority[:i]); err != nil {
			return address{}, err
		}
		authority = authority[i+1:]
	}
	for i, host := range strings.Split(authority, ",") {
		e, err := parseHost(host, port)
		if err != nil {
			return address{}, fmt.Errorf("has as host %d %w", i+1, err)
		}
		a.hosts = append(a.hosts, e)
	}
	if a.path, err = url.PathUnescape(strings.TrimRight(path, "/")); err != nil {
		return address{}, errors.New("has a path that is not percent-encoded")
	}
	return a, nil
}

func parseAccount(text string) (username, password string, err error) {
	name, secret, _ := strings.Cut(text, ":")
	username, problem := url.PathUnescape(name)
	password, other := url.PathUnescape(secret)
	if problem != nil || other != nil {
		return "", "", errors.New(`has an account with a "%" that is not percent-encoded: write it as %25`)
	}
	return username, password, nil
}

func parseHost(text string, port int) (credential.Host, error) {
	host := text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		number, err := strconv.ParseUint(text[i+1:], 10, 16)
		if err != nil || number == 0 {
			return credential.Host{}, errors.New("one with a port that is no number from 1 to 65535")
		}
		host, port = text[:i], int(number)
	}
	bare, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		bare = strings.TrimSuffix(bare, "]")
		if ip, err := netip.ParseAddr(bare); err != nil || !ip.Is6() {
			return credential.Host{}, errors.New("brackets without an IPv6 address")
		}
		return credential.Host{Name: bare, Port: port}, nil
	}
	switch {
	case host == "":
		return credential.Host{}, errors.New("none")
	case strings.Contains(host, ":"):
		return credential.Host{}, errors.New("an IPv6 address without brackets, or two colons: write [::1]:5672")
	case strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "":
		return credential.Host{}, errors.New("one with characters that a host name cannot have")
	}
	return credential.Host{Name: host, Port: port}, nil
}

// url returns the URL of one host with a path and, unless the name is empty, an account.
func (a address) url(host credential.Host, username, password, path string) *url.URL {
	u := &url.URL{Scheme: a.scheme, Host: host.String(), Path: a.path + path}
	if host.Port == userPorts[a.scheme] {
		u.Host = strings.TrimSuffix(u.Host, ":"+strconv.Itoa(host.Port))
	}
	if username != "" {
		u.User = url.UserPassword(username, password)
	}
	return u
}

// names returns the names of the hosts.
func (a address) names() []string {
	names := make([]string, len(a.hosts))
	for i, host := range a.hosts {
		names[i] = host.Name
	}
	return names
}

// secure reports whether connections are encrypted.
func (a address) secure() bool { return strings.HasSuffix(a.scheme, "s") }
