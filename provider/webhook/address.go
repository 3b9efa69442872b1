package webhook

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// addresses decides which addresses the provider connects to. It sees the address that
// is dialled, because a name can resolve to another one each time.
type addresses struct {
	// networks are all that is allowed; empty allows what refused does not contain.
	networks []netip.Prefix
	// local allows only this machine.
	local bool
}

// refused are networks of which no address is that of a service: of no or many machines,
// or only on the link, where clouds serve the credentials of machines.
var refused = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("::/128"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"), netip.MustParsePrefix("fd00:ec2::254/128"),
}

// translated is the prefix under which IPv6 networks reach addresses of IPv4 (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// An addressError says that an address is not allowed.
type addressError struct {
	address netip.Addr
	reason  string
}

func (e *addressError) Error() string {
	return fmt.Sprintf("the address %s %s", e.address, e.reason)
}

// check returns an error unless the provider may connect to the address.
func (a *addresses) check(address netip.Addr) error {
	address = address.Unmap().WithZone("")
	within := func(networks []netip.Prefix) bool {
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
	}
	switch {
	case len(a.networks) > 0:
		if !within(a.networks) {
			return &addressError{address, "is in none of the allowed networks: correct url, or add its network to networks"}
		}
	case a.local && !address.IsLoopback():
		return &addressError{address, "is not this machine, and url is http: use https, or set allow_http"}
	case within(refused):
		return &addressError{address, "is not that of a service: correct url, or add its network to networks"}
	case translated.Contains(address):
		bytes := address.As16()
		return a.check(netip.AddrFrom4([4]byte(bytes[12:])))
	}
	return nil
}

// control is a [net.Dialer.Control].
func (a *addresses) control(_, address string, _ syscall.RawConn) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address cannot be checked: %w", err)
	}
	return a.check(parsed.Addr())
}

// parseNetwork reads a network, or the network of one address.
func parseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil || network.Masked() != network {
		return netip.Prefix{}, errors.New("must be a network such as 10.1.0.0/16, or an address")
	}
	return network, nil
}

// isLocalName reports whether a host is this machine: by its address, or as localhost.
func isLocalName(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}
