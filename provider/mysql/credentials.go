package mysql

import (
	"cmp"
	"net/url"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// credentials returns what a binding gets. The URI has no parameters, because drivers
// refuse those that they do not know, and each knows others; and it has one host, because
// most drivers take several for one odd name.
func (p *service) credentials(f *facts, database, user, password string, s PlanSettings) (openbroker.Credentials, error) {
	first, mode := p.hosts[0], p.applicationMode(s)
	uri := url.URL{Scheme: "mysql", User: url.UserPassword(user, password), Host: first.String(), Path: "/" + database}
	credentials := openbroker.Credentials{
		"uri": uri.String(), "host": first.Name, "hostname": first.Name, "port": first.Port, "name": database, "database": database,
		"username": user, "password": password, "sslmode": mode,
	}
	if mode == transport.ModeVerifyFull || mode == transport.ModeVerifyCA {
		ca, err := p.settings.TLS.CAText()
		if err != nil {
			return nil, err
		}
		if ca != "" {
			credentials["certificates"] = ca
		}
	}
	options := map[string]string{"sslMode": jdbcModes[mode]}
	if mode == transport.ModeDisable && f.plugin == cachingSHA2Password {
		// Without TLS, the first login needs the key of the server.
		options["allowPublicKeyRetrieval"] = "true"
	}
	credential.AddProfiles(credentials, s.Profiles, credential.SQLDatabase{
		Subprotocol: "mysql", Hosts: p.hosts, Name: database, Username: user, Password: password, Options: options,
	})
	return credentials, nil
}

// jdbcModes are the values of sslMode of MySQL Connector/J; MariaDB Connector/J knows
// them too.
var jdbcModes = map[string]string{
	transport.ModeVerifyFull: "VERIFY_IDENTITY", transport.ModeVerifyCA: "VERIFY_CA",
	transport.ModeRequire: "REQUIRED", transport.ModeDisable: "DISABLED",
}

// applicationMode is the mode of TLS that applications should use.
func (p *service) applicationMode(s PlanSettings) string {
	mode := cmp.Or(p.settings.ApplicationTLS, p.server.modes[0])
	if mode == transport.ModeDisable && s.RequireTLS {
		return transport.ModeRequire
	}
	return mode
}
