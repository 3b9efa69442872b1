package nats

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// definitionName is the name of Definition, and the key of the settings of plans.
const definitionName = "nats"

// Settings are those of the configuration.
type Settings struct {
	URL               provider.URL      `yaml:"url" required:"true" doc:"address of the server, such as nats://127.0.0.1:4222 or tls://nats.example.com:4222; several servers of a cluster, separated by commas"`
	OperatorSeed      provider.Secret   `yaml:"operator_seed" required:"true" doc:"seed of the operator (SO...), which signs accounts, such as ${file:/run/secrets/operator.nk}"`
	SystemCreds       provider.Secret   `yaml:"system_creds" required:"true" doc:"content of the creds file of a user of the system account, such as ${file:/run/secrets/sys.creds}"`
	ApplicationURL    provider.URL      `yaml:"application_url" doc:"address in the credentials of applications; url by default"`
	TLS               transport.TLS     `yaml:"tls" doc:"encryption of the broker's connections"`
	RequestTimeout    provider.Duration `yaml:"request_timeout" default:"5s" doc:"how long the server may take for a response"`
	ReconcileInterval provider.Duration `yaml:"reconcile_interval" default:"5m" doc:"how often the accounts on the server are compared with the records; at least 1m"`
}

// PlanSettings are those of plans.
type PlanSettings struct {
	MaxConnections   int64             `yaml:"max_connections" min:"1" default:"100" doc:"maximum number of connections of all bindings of an instance"`
	MaxSubscriptions int64             `yaml:"max_subscriptions" min:"1" default:"10000" doc:"maximum number of subscriptions of an instance"`
	MaxPayloadBytes  int64             `yaml:"max_payload_bytes" min:"1" default:"1048576" doc:"maximum size of a message in bytes; that of the server applies, too"`
	DiskBytes        int64             `yaml:"disk_bytes" doc:"bytes on disk that JetStream reserves for an instance; 0 for none"`
	MemoryBytes      int64             `yaml:"memory_bytes" doc:"bytes of memory that JetStream reserves for an instance; 0 for none"`
	MaxStreams       int64             `yaml:"max_streams" min:"1" default:"50" doc:"maximum number of streams of an instance"`
	MaxConsumers     int64             `yaml:"max_consumers" min:"1" default:"500" doc:"maximum number of consumers of an instance"`
	Subjects         []string          `yaml:"subjects" doc:"subjects that bindings may use, such as orders.>; with such a list, bindings cannot read each other's inboxes, and clients must use the inbox-prefix of their credentials; all subjects by default"`
	CredentialsTTL   provider.Duration `yaml:"credentials_ttl" json:"-" doc:"how long credentials are valid; a platform rotates the binding before; without end by default"`
}

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    definitionName,
	Doc:     "accounts of a NATS server",
	Catalog: catalogYAML,
	New: func(ctx context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		return start(ctx, settings, host)
	},
	Check: checkSettings,
	CheckPlan: func(_ *openbroker.Service, _ *openbroker.Plan, settings PlanSettings) error {
		return checkPlan(settings)
	},
	// The account has the list of the keys of all bindings.
	SerialBindings: true,
})

// schemes are those of the URLs that nats.go takes for TCP.
var schemes = []string{"nats", "tls"}

func checkSettings(s Settings) error {
	for field, text := range map[string]string{"url": string(s.URL), "application_url": string(s.ApplicationURL)} {
		if text == "" {
			continue
		}
		if _, err := servers(text); err != nil {
			return &provider.FieldError{Field: field, Err: err}
		}
	}
	if _, err := newOperator(string(s.OperatorSeed)); err != nil {
		return &provider.FieldError{Field: "operator_seed", Err: err}
	}
	if _, err := parseCreds(string(s.SystemCreds)); err != nil {
		return &provider.FieldError{Field: "system_creds", Err: err}
	}
	if s.ReconcileInterval != 0 && s.reconcileInterval() < minReconcileInterval {
		return &provider.FieldError{Field: "reconcile_interval", Err: fmt.Errorf("must be at least %v", minReconcileInterval)}
	}
	return s.TLS.Check("tls")
}

func checkPlan(s PlanSettings) error {
	for _, subject := range s.Subjects {
		if err := checkSubject(subject); err != nil {
			return &provider.FieldError{Field: "subjects", Err: err}
		}
	}
	return nil
}

// checkSubject refuses what is no subject, and what would give away more than subjects
// of applications.
func checkSubject(subject string) error {
	tokens := strings.Split(subject, ".")
	for i, token := range tokens {
		if token == "" || strings.ContainsAny(token, " \t\r\n") || token == ">" && i < len(tokens)-1 {
			return fmt.Errorf("has %.80q, which is no subject", subject)
		}
	}
	if first := tokens[0]; first == "_INBOX" || strings.HasPrefix(first, inboxPrefix) || strings.HasPrefix(first, "$") {
		return fmt.Errorf("has %.80q: inboxes and the subjects of the server are allowed by the provider", subject)
	}
	return nil
}

// servers parses the value of url. The errors do not show the text, which may have a
// password.
func servers(text string) ([]*url.URL, error) {
	var all []*url.URL
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		u, err := url.Parse(part)
		switch {
		case err != nil:
			return nil, errors.New("is no URL: write nats://HOST:4222")
		case u.Scheme != schemes[0] && u.Scheme != schemes[1]:
			return nil, fmt.Errorf("has the scheme %.20q: write nats://HOST:4222 or tls://HOST:4222", u.Scheme)
		case u.Hostname() == "":
			return nil, errors.New("has no host: write nats://HOST:4222")
		case u.User != nil:
			return nil, errors.New("has a user: the broker logs in with system_creds")
		case u.Path != "" && u.Path != "/" || u.RawQuery != "":
			return nil, errors.New("has a path or a query: write nats://HOST:4222")
		}
		if u.Port() == "" {
			u.Host += ":4222"
		}
		u.Path = ""
		all = append(all, u)
	}
	return all, nil
}
