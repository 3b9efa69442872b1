package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
)

// ProxyConfig configures [Proxy]: the trusted proxies, and the header that names the
// user.
type ProxyConfig struct {
	// Peers are the addresses from which the proxy connects, such as "10.1.2.3"
	// and "fd00::1", or networks, such as "10.1.2.0/24". Required. A network of
	// all addresses is an error: every client could claim any name. Use [None]
	// to accept every client.
	Peers []string
	// UserHeader is the header in which the proxy names the user, such as
	// X-Forwarded-User. If empty, the user name of HTTP basic authentication
	// applies, which the proxy has verified and passes on.
	UserHeader string
	// Platform is the platform of every principal. If empty, the default of
	// [Credential] applies.
	Platform string
}

// Proxy accepts the user name that a trusted proxy passes on, because the proxy
// has already authenticated the request. Create it with [NewProxy].
//
// Proxy identifies the proxy by the peer address of the TCP connection and
// ignores headers about it, such as X-Forwarded-For. The proxy must refuse
// requests without valid credentials. It must also overwrite the header that
// names the user, since clients could send that header themselves. Every program
// that connects from an address of Peers is trusted.
type Proxy struct {
	peers    []netip.Prefix
	header   string
	platform string
}

var _ openbroker.Authenticator = (*Proxy)(nil)

// NewProxy returns an authenticator that trusts a proxy. It returns an error if
// Peers is empty, if a peer is neither an address nor a network or covers all
// addresses, if UserHeader is not a valid header name or is Authorization or
// Host, or if Platform is not printable.
func NewProxy(config ProxyConfig) (*Proxy, error) {
	if len(config.Peers) == 0 {
		return nil, errors.New("auth: the proxy has no Peers: set the addresses that the proxy connects from")
	}
	p := &Proxy{header: http.CanonicalHeaderKey(config.UserHeader), platform: config.Platform}
	for _, text := range config.Peers {
		peer, err := parsePeer(text)
		if err != nil {
			return nil, fmt.Errorf("auth: the peer %q %w", text, err)
		}
		p.peers = append(p.peers, peer)
	}
	switch {
	case strings.ContainsFunc(config.UserHeader, notInToken):
		return nil, fmt.Errorf("auth: the UserHeader %q is not a valid header name", config.UserHeader)
	case p.header == "Authorization" || p.header == "Host":
		return nil, fmt.Errorf("auth: the UserHeader is %s, which holds more than a name: leave UserHeader empty for the user name of basic authentication", p.header)
	case !printable(config.Platform):
		return nil, errors.New("auth: the Platform contains a control character or is not UTF-8")
	}
	return p, nil
}

func parsePeer(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap()
		if address.Zone() != "" {
			return netip.Prefix{}, errors.New("has a zone, which means nothing on another machine: remove it")
		}
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	peer, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, errors.New("is neither an address such as 10.1.2.3 nor a network such as 10.1.2.0/24")
	case peer.Addr().Is4In6():
		return netip.Prefix{}, errors.New("is an IPv4 network in IPv6 form: write it like 10.1.2.0/24")
	case peer.Bits() == 0:
		return netip.Prefix{}, errors.New("covers all addresses, so that every client could claim any name: set the addresses of the proxy")
	case peer != peer.Masked():
		return netip.Prefix{}, fmt.Errorf("has bits set beyond its length: write %s, or the address alone", peer.Masked())
	}
	return peer, nil
}

// notInToken reports whether r cannot occur in the name of a header (RFC 9110,
// 5.6.2).
func notInToken(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return false
	default:
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
}

// Authenticate returns the principal with the user name from the proxy as Name
// and "proxy" as Method. It returns a 401 if the request comes from another peer,
// if the proxy names no user, or if the name is ambiguous or unsafe: the header
// occurs more than once, or the name contains control characters.
func (p *Proxy) Authenticate(r *http.Request) (openbroker.Principal, error) {
	if err := p.checkPeer(r.RemoteAddr); err != nil {
		return openbroker.Principal{}, err
	}
	name, err := p.user(r)
	if err != nil {
		return openbroker.Principal{}, err
	}
	if name == "" || len(name) > maxHeaderSize || !printable(name) {
		return openbroker.Principal{}, errBadUser
	}
	return openbroker.Principal{Name: name, Method: "proxy", Platform: p.platform}, nil
}

var (
	errBadUser      = refuse("the user name from the proxy is empty, too long, contains a control character or is not UTF-8")
	errRepeatedUser = refuse("the header in which the proxy names the user occurs more than once")
	errNoUser       = openbroker.ErrUnauthorized.WithCause(fmt.Errorf("the proxy names no user: %w", errNoCredentials))
)

func (p *Proxy) checkPeer(remote string) *openbroker.Error {
	peer, err := netip.ParseAddrPort(remote)
	address := peer.Addr().Unmap().WithZone("")
	if err == nil && slices.ContainsFunc(p.peers, func(trusted netip.Prefix) bool { return trusted.Contains(address) }) {
		return nil
	}
	return openbroker.ErrUnauthorized.WithCause(fmt.Errorf("the peer %s is not a trusted proxy: %w", remote, errNoCredentials))
}

// user returns the user name from the proxy.
func (p *Proxy) user(r *http.Request) (string, *openbroker.Error) {
	if p.header != "" {
		switch values := r.Header[p.header]; len(values) {
		case 0:
			return "", errNoUser
		case 1:
			return values[0], nil
		default:
			return "", errRepeatedUser
		}
	}
	encoded, failure := authorization(r, "Basic")
	if failure != nil {
		return "", failure
	}
	userpass, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", errNotBase64
	}
	name, _, found := strings.Cut(string(userpass), ":")
	if !found {
		return "", errNoColon
	}
	return name, nil
}

// Challenges returns the challenge of RFC 7617. If the proxy names the user in a
// header, it returns one with an unregistered scheme: the client has to log in at
// the proxy, in the way that the proxy requires.
func (p *Proxy) Challenges() []string {
	if p.header == "" {
		return []string{basicChallenge}
	}
	return []string{`TrustedProxy realm="` + realm + `"`}
}
