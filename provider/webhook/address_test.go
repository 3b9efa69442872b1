package webhook_test

import (
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/webhook"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address  string
		local    bool
		networks string
		want     string
	}{
		{address: "203.0.113.5"},
		{address: "10.0.0.1"},
		{address: "127.0.0.1"},
		{address: "::1"},
		{address: "fd12::1"},
		{address: "127.0.0.1", local: true},
		{address: "::ffff:127.0.0.1", local: true},
		{address: "10.0.0.1", local: true, want: "is not this machine, and url is http"},
		{address: "169.254.169.254", want: "is not that of a service"},
		{address: "::ffff:169.254.169.254", want: "169.254.169.254 is not that of a service"},
		{address: "64:ff9b::a9fe:a9fe", want: "169.254.169.254 is not that of a service"},
		{address: "64:ff9b::a00:1"},
		{address: "fd00:ec2::254", want: "is not that of a service"},
		{address: "fe80::1%eth0", want: "is not that of a service"},
		{address: "0.0.0.0", want: "is not that of a service"},
		{address: "::", want: "is not that of a service"},
		{address: "224.0.0.1", want: "is not that of a service"},
		{address: "ff02::1", want: "is not that of a service"},
		{address: "255.255.255.255", want: "is not that of a service"},
		{address: "10.1.2.3", networks: "10.1.0.0/16"},
		{address: "10.2.0.1", networks: "10.1.0.0/16", want: "is in none of the allowed networks"},
		{address: "::ffff:10.1.2.3", networks: "10.1.0.0/16"},
		{address: "169.254.7.7", networks: "169.254.7.7"},
		{address: "2001:db8::1", networks: "2001:db8::/32"},
		{address: "10.1.2.3", networks: "10.1.2.3/16", want: "must be a network such as"},
		{address: "10.1.2.3", networks: "example.com", want: "must be a network such as"},
	} {
		var networks []string
		if c.networks != "" {
			networks = []string{c.networks}
		}
		err := webhook.Allowed(c.address, c.local, networks...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, local %v, networks %q: %v", c.address, c.local, c.networks, err)
		}
	}
}
