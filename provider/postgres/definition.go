package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// definitionName is the name of Definition, and the key of the settings of plans.
const definitionName = "postgres"

// The values of PlanSettings.Isolation.
const (
	isolationDatabase = "database"
	isolationSchema   = "schema"
)

// Settings are those of the configuration.
type Settings struct {
	URL            provider.URL    `yaml:"url" required:"true" doc:"where the server is, and the account of the broker: postgres://ACCOUNT:PASSWORD@HOST:5432/postgres?sslmode=verify-full; sslmode is verify-full if the URL has none"`
	Password       provider.Secret `yaml:"password" doc:"password of the account, instead of one in the URL, which needs escapes"`
	TLS            transport.TLS   `yaml:"tls" doc:"encryption of the broker's connections; certificates of the authorities go to applications too"`
	Hosts          []string        `yaml:"hosts" doc:"addresses of the server for applications, such as db.example.com:5432; those of the URL by default"`
	ApplicationTLS string          `yaml:"sslmode" enum:"verify-full,verify-ca,require,disable" doc:"sslmode of applications; that of the broker by default"`
	Connections    int             `yaml:"connections" default:"10" min:"4" max:"1000" doc:"largest number of connections that the broker opens"`
	Template       string          `yaml:"template" default:"template0" doc:"database that new ones are copied from"`
	Overcommit     int             `yaml:"overcommit" default:"4" max:"1000" doc:"how many times the server's connections may be promised to plans; 0 for any number of times"`
}

// PlanSettings are those of plans.
type PlanSettings struct {
	Isolation       string            `yaml:"isolation" enum:"database,schema" default:"database" doc:"whether an instance is a database of its own or a schema in a shared database"`
	SharedDatabase  string            `yaml:"shared_database" default:"openbroker_shared" doc:"database of the schemas; the broker creates it"`
	ConnectionLimit int               `yaml:"connection_limit" default:"10" max:"262143" doc:"largest number of connections of one binding; 0 for no limit"`
	Statement       provider.Duration `yaml:"statement_timeout" default:"0s" doc:"default of statement_timeout in sessions; 0s for none"`
	IdleTransaction provider.Duration `yaml:"idle_in_transaction_timeout" default:"0s" doc:"default of idle_in_transaction_session_timeout in sessions; 0s for none"`
	Idle            provider.Duration `yaml:"idle_session_timeout" default:"0s" doc:"default of idle_session_timeout in sessions; 0s for none"`
	Lock            provider.Duration `yaml:"lock_timeout" default:"0s" doc:"default of lock_timeout in sessions; 0s for none"`
	Settings        map[string]string `yaml:"settings" doc:"defaults of other parameters in sessions, such as work_mem"`
	Extensions      []string          `yaml:"extensions" doc:"extensions that the broker installs in each database"`
	Encoding        string            `yaml:"encoding" default:"UTF8" doc:"encoding of the databases"`
	Locale          string            `yaml:"locale" doc:"locale of the databases, such as de_DE.utf8; that of the template by default"`
	BindingTTL      provider.Duration `yaml:"binding_ttl" default:"0s" doc:"how long the password of a binding is valid; 0s for ever"`
	Profiles        []string          `yaml:"credential_profiles" doc:"keys for older consumers in credentials: jdbc, tanzu, sslrootcert"`
}

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    definitionName,
	Doc:     "databases and schemas of a PostgreSQL server",
	Catalog: catalogYAML,
	New: func(ctx context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		return New(ctx, settings, host.Logger)
	},
	Check: checkSettings,
	CheckPlan: func(_ *openbroker.Service, _ *openbroker.Plan, settings PlanSettings) error {
		return checkPlan(settings)
	},
})

func checkSettings(settings Settings) error {
	if err := settings.TLS.Check("tls"); err != nil {
		return err
	}
	_, err := readAddress(settings)
	return err
}

var (
	// plainName matches names that need no quotes, so that they are the same in
	// credentials, URIs and statements.
	plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)
	// parameterName matches names of parameters, those of extensions too.
	parameterName = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$`)
)

// ownParameters are parameters of a login role that a plan cannot have: the broker sets
// them, or other settings do.
var ownParameters = []string{
	"role", "session_authorization", "search_path", "default_transaction_read_only",
	"statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "lock_timeout",
}

func checkPlan(settings PlanSettings) error {
	problem := func(field, format string, args ...any) error {
		return &provider.FieldError{Field: field, Err: fmt.Errorf(format, args...)}
	}
	if name := settings.SharedDatabase; !plainName.MatchString(name) || strings.HasPrefix(name, "pg_") || slices.Contains([]string{"postgres", "template0", "template1"}, name) {
		return problem("shared_database", "is %.80q: it must be lower-case letters, digits and _, and no database of PostgreSQL itself", name)
	} else if _, own := credential.ResourceName(name); own {
		return problem("shared_database", "is %q, which looks like the database of an instance: choose another name", name)
	}
	if settings.Isolation == isolationSchema && settings.Locale != "" {
		return problem("locale", "is that of a database: schemas share one, so remove it")
	}
	for name, value := range settings.Settings {
		switch {
		case !parameterName.MatchString(name):
			return problem("settings", "has %.80q, which is no name of a parameter", name)
		case slices.Contains(ownParameters, name):
			return problem("settings", "has %q, which is set in another way: remove it", name)
		case strings.ContainsRune(value, 0):
			return problem("settings", "has a value of %q with a zero byte", name)
		}
	}
	for _, name := range settings.Extensions {
		if name == "" || strings.ContainsRune(name, 0) || len(name) > 63 {
			return problem("extensions", "has %.80q, which is no name of an extension", name)
		}
	}
	for field, value := range map[string]string{"encoding": settings.Encoding, "locale": settings.Locale} {
		if strings.ContainsRune(value, 0) || len(value) > 63 {
			return problem(field, "is %.80q, which is no name", value)
		}
	}
	if ttl := time.Duration(settings.BindingTTL); ttl != 0 && ttl < time.Second {
		return problem("binding_ttl", "is %v: it must be at least a second", ttl)
	}
	if err := credential.CheckProfiles(settings.Profiles); err != nil {
		return &provider.FieldError{Field: "credential_profiles", Err: err}
	}
	return nil
}

// planOf returns the settings of the plan of an instance.
func planOf(instance durable.Instance) (PlanSettings, error) {
	settings, err := provider.Plan[PlanSettings](instance)
	if errors.Is(err, provider.ErrPlanGone) {
		return settings, openbroker.ErrUnavailable.WithCause(err).WithDescription("The catalog no longer has the plan of this instance.")
	}
	return settings, err
}
