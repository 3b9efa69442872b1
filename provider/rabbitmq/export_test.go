package rabbitmq

import "github.com/openbroker/openbroker"

// ParseAddress reads an address of nodes.
func ParseAddress(text string) (address, error) { return parseAddress(text, nodePorts) }

// URLs returns the URL of each host, with the account.
func (a address) URLs() []string {
	urls := make([]string, len(a.hosts))
	for i, host := range a.hosts {
		urls[i] = a.url(host, a.username, a.password, "").String()
	}
	return urls
}

// Expressions returns the regular expressions that parameters lead to: configure, write,
// read, and those for topics.
func Expressions(parameters openbroker.Parameters) ([]string, error) {
	a, err := accessOf(parameters)
	all := []string{a.permission.Configure, a.permission.Write, a.permission.Read}
	for _, topic := range a.topics {
		all = append(all, topic.Exchange, topic.Write, topic.Read)
	}
	return all, err
}

// CredentialsOf returns the credentials and the endpoints of an account with fixed names.
func CredentialsOf(s Settings, dashboard bool) (map[string]any, error) {
	t, err := s.target()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"credentials": map[string]any(t.credentials(account{username: "USERNAME", password: "PASSWORD", vhost: "VHOST"}, dashboard)),
		"endpoints":   t.endpoints(dashboard),
	}, nil
}
