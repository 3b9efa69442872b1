package postgres

import (
	"net/url"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// credentials returns what an application needs to connect.
func (p *Provider) credentials(database, username, password string, profiles []string) (openbroker.Credentials, error) {
	a := p.server.address
	options := url.Values{"sslmode": {a.applicationMode}}
	if len(a.hosts) > 1 {
		options.Set("target_session_attrs", "read-write")
	}
	// net/url takes only one host.
	uri := "postgresql://" + url.UserPassword(username, password).String() + "@" + credential.JoinHosts(a.hosts) + "/" + database + "?" + options.Encode()
	credentials := openbroker.Credentials{
		"uri":      uri,
		"host":     a.hosts[0].Name,
		"hostname": a.hosts[0].Name,
		"port":     a.hosts[0].Port,
		"name":     database,
		"database": database,
		"username": username,
		"password": password,
		"sslmode":  a.applicationMode,
	}
	certificates, err := a.tls.CAText()
	if err != nil {
		return nil, err
	}
	if certificates != "" {
		credentials["certificates"] = certificates
	}
	credential.AddProfiles(credentials, profiles, credential.SQLDatabase{
		Subprotocol: "postgresql", Hosts: a.hosts, Name: database, Username: username, Password: password,
		Options: map[string]string{"sslmode": a.applicationMode},
	})
	return credentials, nil
}
