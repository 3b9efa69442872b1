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

// ProxyConfig says which proxies [Proxy] trusts, and where they name the user.
type ProxyConfig struct {
	// Peers are the addresses from which the proxy connects, such as "10.1.2.3"
	// and "fd00::1", and networks of them, such as "10.1.2.0/24". Required. A
	// network of all addresses is an error, since everyone could then claim any
	// name: use [None], which says so.
	Peers []string
	// UserHeader is the header in which the proxy names the user, such as
	// X-Forwarded-User. If it is empty, the name is the user name of HTTP basic
	// authentication, which the proxy has checked and hands on.
	UserHeader string
	// Platform is as in [Credential].
	Platform string
}

// Proxy authenticates requests by what a proxy in front says about them, because
// the proxy has authenticated them already. Create it with [NewProxy].
//
// It believes the peer of the TCP connection and no header about it, such as
// X-Forwarded-For. The proxy must refuse requests without valid credentials, and
// must overwrite the header that names the user, which clients could send
// themselves. Everything else on the addresses of Peers is trusted as well.
type Proxy struct {
	peers    []netip.Prefix
	header   string
	platform string
}

var _ openbroker.Authenticator = (*Proxy)(nil)

// NewProxy returns an authenticator that trusts a proxy. It returns an error if
// there is no peer, or one that is no address and no network or covers all
// addresses, if the header has no valid name or is one that does not carry a
// name, and if the platform is not printable.
func NewProxy(config ProxyConfig) (*Proxy, error) {
	if len(config.Peers) == 0 {
		return nil, errors.New("auth: there are no Peers: give the addresses that the proxy connects from")
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
		return nil, fmt.Errorf("auth: the UserHeader %q is no name of a header", config.UserHeader)
	case p.header == "Authorization" || p.header == "Host":
		return nil, fmt.Errorf("auth: the UserHeader is %s, which holds more than a name: leave UserHeader empty for the user name of basic authentication", p.header)
	case !printable(config.Platform):
		return nil, errors.New("auth: the Platform has a control character or is not UTF-8")
	}
	return p, nil
}

func parsePeer(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap()
		if address.Zone() != "" {
			return netip.Prefix{}, errors.New("has a zone, which other machines cannot be told by: leave it out")
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
		return netip.Prefix{}, errors.New("is the network of all addresses, from which everyone could claim any name: name the proxy's")
	case peer != peer.Masked():
		return netip.Prefix{}, fmt.Errorf("has bits set beyond its length: write %s, or the address alone", peer.Masked())
	}
	return peer, nil
}

// notInToken tells the characters that names of headers do not have (RFC 9110,
// 5.6.2).
func notInToken(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return false
	default:
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
}

// Authenticate returns the principal with the name that the proxy gives and
// "proxy" as Method. The error is 401 if another peer than the proxy sent the
// request, if the proxy names no user, and if the name could be mistaken: if the
// header occurs more than once or has control characters.
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
	errBadUser      = refuse("the proxy names a user that is empty, too long, has a control character or is not UTF-8")
	errRepeatedUser = refuse("the header in which the proxy names the user occurs more than once")
	errNoUser       = openbroker.ErrUnauthorized.WithCause(fmt.Errorf("the proxy names no user: %w", errNoCredentials))
)

func (p *Proxy) checkPeer(remote string) *openbroker.Error {
	peer, err := netip.ParseAddrPort(remote)
	address := peer.Addr().Unmap().WithZone("")
	if err == nil && slices.ContainsFunc(p.peers, func(trusted netip.Prefix) bool { return trusted.Contains(address) }) {
		return nil
	}
	return openbroker.ErrUnauthorized.WithCause(fmt.Errorf("the peer %s is no trusted proxy: %w", remote, errNoCredentials))
}

// user returns the name that the proxy gives.
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

// Challenges returns the challenge of RFC 7617, or one without a registered
// scheme if the proxy names the user in a header: the client has to turn to the
// proxy, whatever that asks for.
func (p *Proxy) Challenges() []string {
	if p.header == "" {
		return []string{basicChallenge}
	}
	return []string{`TrustedProxy realm="` + realm + `"`}
}
