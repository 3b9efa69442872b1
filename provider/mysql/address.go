package mysql

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

const (
	scheme      = "mysql://"
	defaultPort = 3306
)

// An address is where the servers are, and the broker's account on them.
type address struct {
	hosts          []credential.Host
	user, password string
	// mode is that of TLS in the URL, or empty.
	mode string
}

// isLoopback reports whether a host is this machine.
func isLoopback(name string) bool {
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}

const urlSyntax = "write it like mysql://USER:PASSWORD@HOST:PORT, with %40 for an @ in the password, %2F for a slash, %3A for a colon, %23 for a # and %25 for a percent sign"

// parseURL reads mysql://USER:PASSWORD@HOST:PORT,HOST:PORT?sslmode=MODE. Errors have
// nothing of the URL but the hosts that it understood: if an escape is missing, any part
// may be of the password.
func parseURL(text string) (parsed address, err error) {
	fail := func(problem string) (address, error) { return parsed, errors.New(problem + ": " + urlSyntax) }
	rest, ok := strings.CutPrefix(text, scheme)
	if !ok {
		return fail("does not begin with " + scheme)
	}
	if strings.ContainsAny(rest, "# \t\r\n") {
		return fail("has a # or a space")
	}
	rest, query, _ := strings.Cut(rest, "?")
	rest, path, _ := strings.Cut(rest, "/")
	if strings.Contains(path, "@") {
		return fail("has a slash before its @")
	}
	if path != "" {
		return fail("has a path, although the broker makes its own databases")
	}
	hosts := rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		hosts = rest[at+1:]
		var errs [2]error
		parsed.user, errs[0] = url.PathUnescape(user)
		parsed.password, errs[1] = url.PathUnescape(password)
		if errs[0] != nil || errs[1] != nil || strings.ContainsAny(user+password, "@:") {
			return fail("has a wrong escape, or an @ or a colon without one, in the user name or the password")
		}
	}
	if parsed.mode, err = sslMode(query); err != nil {
		return parsed, err
	}
	for text := range strings.SplitSeq(hosts, ",") {
		h, err := parseHost(text)
		if err != nil {
			return fail(err.Error())
		}
		parsed.hosts = append(parsed.hosts, h)
	}
	return parsed, nil
}

// parseHost reads HOST or HOST:PORT; an IPv6 address is in brackets.
func parseHost(text string) (credential.Host, error) {
	name, port := text, ""
	bracketed := strings.HasPrefix(text, "[")
	if bracketed {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return credential.Host{}, errors.New("has a host with a bracket that is not closed")
		}
		name, port = text[1:end], text[end+1:]
		if port != "" && port[0] != ':' {
			return credential.Host{}, errors.New("has a host with text after its bracket")
		}
	} else if colon := strings.IndexByte(text, ':'); colon >= 0 {
		name, port = text[:colon], text[colon:]
	}
	parsed := credential.Host{Name: name, Port: defaultPort}
	if port != "" {
		number, err := strconv.ParseUint(port[1:], 10, 16)
		if err != nil || number == 0 {
			return credential.Host{}, errors.New("has a port that is no number from 1 to 65535, or an IPv6 address without brackets")
		}
		parsed.Port = int(number)
	}
	if ip, err := netip.ParseAddr(name); bracketed && (err != nil || ip.Is4()) {
		return credential.Host{}, errors.New("has brackets around something else than an IPv6 address")
	}
	if !bracketed && !isHostName(name) {
		return credential.Host{}, errors.New("has a host that is missing, or that is no host name")
	}
	return parsed, nil
}

// isHostName reports whether a text has only the characters of host names and IPv4
// addresses, so that an error can show it, and a URI of credentials contain it.
func isHostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

// sslMode returns the mode of TLS in the query of a URL.
func sslMode(query string) (string, error) {
	if query == "" {
		return "", nil
	}
	name, value, _ := strings.Cut(query, "=")
	if name != "sslmode" {
		return "", errors.New("can have only the parameter sslmode")
	}
	switch value {
	case transport.ModeVerifyFull, transport.ModeVerifyCA, transport.ModeRequire, transport.ModeDisable:
		return value, nil
	}
	return "", fmt.Errorf("has an unknown sslmode: it can be %s, %s, %s or %s",
		transport.ModeVerifyFull, transport.ModeVerifyCA, transport.ModeRequire, transport.ModeDisable)
}

// tlsMode returns the mode of TLS for a host: that of the settings, that of the URL, or
// verify-full. Connections within this machine need no encryption.
func (a address) tlsMode(settings transport.TLS, h credential.Host) string {
	switch {
	case settings.Mode != "":
		return settings.Mode
	case a.mode != "":
		return a.mode
	case isLoopback(h.Name) && settings == (transport.TLS{}):
		return transport.ModeDisable
	default:
		return transport.ModeVerifyFull
	}
}
