package rabbitmq

import (
	"net/url"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// An account is the user of a binding in a virtual host.
type account struct {
	username, password, vhost string
}

// credentials returns what applications get. Names and passwords have only letters and
// digits, so the URIs need no escapes. Each URI names the virtual host: without one,
// some libraries take "/", and others an empty name.
func (t target) credentials(a account, dashboard bool) openbroker.Credentials {
	first := t.amqp.hosts[0]
	uris := t.amqp.uris(a, "/"+a.vhost)
	amqp := map[string]any{
		"host": first.Name, "hosts": t.amqp.names(), "port": first.Port, "ssl": t.amqp.secure(),
		"username": a.username, "password": a.password, "vhost": a.vhost, "uri": uris[0], "uris": uris,
	}
	protocol := "amqp"
	if t.amqp.secure() {
		protocol = "amqp+ssl"
	}
	protocols := map[string]any{protocol: amqp}
	credentials := openbroker.Credentials{
		"uri": uris[0], "uris": uris,
		"host": first.Name, "hostname": first.Name, "hostnames": t.amqp.names(), "port": first.Port,
		"username": a.username, "password": a.password, "vhost": a.vhost, "virtual-host": a.vhost,
		"addresses": t.addresses(), "ssl": t.amqp.secure(), "protocols": protocols,
	}
	if dashboard {
		first := t.dashboard.hosts[0]
		uris := t.dashboard.uris(a, "/api/")
		protocols["management"] = map[string]any{
			"host": first.Name, "hosts": t.dashboard.names(), "port": first.Port, "ssl": t.dashboard.secure(), "path": t.dashboard.path + "/api/",
			"username": a.username, "password": a.password, "vhost": a.vhost, "uri": uris[0], "uris": uris,
		}
		credentials["http_api_uri"], credentials["http_api_uris"] = uris[0], uris
		credentials["dashboard_url"] = t.dashboardURL(a.vhost)
	}
	return credentials
}

// uris returns a URI for each host.
func (a address) uris(account account, path string) []string {
	uris := make([]string, len(a.hosts))
	for i, host := range a.hosts {
		uris[i] = a.url(host, account.username, account.password, path).String()
	}
	return uris
}

// addresses returns the hosts and ports as Spring wants them in one text. It takes the
// scheme as a wish for TLS.
func (t target) addresses() string {
	texts := make([]string, len(t.amqp.hosts))
	for i, host := range t.amqp.hosts {
		texts[i] = host.String()
		if t.amqp.secure() {
			texts[i] = (&url.URL{Scheme: t.amqp.scheme, Host: host.String()}).String()
		}
	}
	return strings.Join(texts, ",")
}

// dashboardURL returns the address of the management UI. It has no account: users log in
// with that of a binding, and see only its virtual host. The UI ignores the query, which
// tells platforms the dashboards of two instances apart.
func (t target) dashboardURL(vhost string) string {
	u := t.dashboard.url(t.dashboard.hosts[0], "", "", "/")
	u.RawQuery, u.Fragment = url.Values{"vhost": {vhost}}.Encode(), "/queues"
	return u.String()
}

// endpoints returns where applications connect, for platforms that open their networks.
func (t target) endpoints(dashboard bool) []openbroker.Endpoint {
	list := credential.Endpoints(t.amqp.hosts)
	if dashboard {
		list = append(list, credential.Endpoints(t.dashboard.hosts)...)
	}
	return list
}
