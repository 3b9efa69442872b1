package mysql

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// definitionName is the name of Definition, and the key of the settings of plans.
const definitionName = "mysql"

// The ids of the default catalog. They never change.
const (
	ServiceID   = "6da988b5-f1b7-49d7-9a3d-eebf1b992134"
	SmallPlanID = "43b58b7a-d4a2-489b-abd9-8ed43aa8aea6"
	LargePlanID = "01d1191e-d5ca-41d2-b124-21110736999a"
)

// Settings are those of the configuration.
type Settings struct {
	URL                 provider.URL    `yaml:"url" required:"true" doc:"address of the server and account of the broker, such as mysql://broker@db.example.com:3306; several hosts have commas between them"`
	Username            string          `yaml:"username" doc:"name of the broker's account, instead of one in the URL"`
	Password            provider.Secret `yaml:"password" doc:"password of the account, instead of one in the URL, which needs escapes"`
	TLS                 transport.TLS   `yaml:"tls" doc:"encryption of the broker's connections, by default verify-full, and disable within this machine; certificates of the authorities go to applications too"`
	Hosts               []string        `yaml:"hosts" doc:"addresses of the server for applications, such as db.example.com:3306; those of the URL by default"`
	ApplicationTLS      string          `yaml:"sslmode" enum:"verify-full,verify-ca,require,disable" doc:"sslmode of applications; that of the broker by default, and at least require in plans with require_tls"`
	Authentication      string          `yaml:"authentication" enum:"mysql_native_password,caching_sha2_password" doc:"plugin by which bindings log in; by default mysql_native_password on MariaDB and caching_sha2_password on MySQL"`
	Connections         int             `yaml:"connections" default:"4" min:"1" max:"100" doc:"largest number of operations at the same time, each with a connection; requests have two more connections"`
	ReservedConnections int64           `yaml:"reserved_connections" default:"10" max:"100000" doc:"connections of the server that no plan is promised: those of the broker and of administrators"`
	Overcommit          int64           `yaml:"overcommit" default:"4" max:"1000" doc:"how many times the server's connections may be promised to bindings; 0 for any number of times"`
}

// PlanSettings are those of plans.
type PlanSettings struct {
	ConnectionLimit  int64             `yaml:"connection_limit" default:"10" max:"100000" doc:"largest number of connections of one binding; 0 for no limit"`
	StatementTimeout provider.Duration `yaml:"statement_timeout" default:"0s" doc:"default of the time that a statement may take, on MariaDB; 0s for none"`
	RequireTLS       bool              `yaml:"require_tls" default:"false" doc:"whether bindings can log in only with TLS"`
	Charset          string            `yaml:"charset" default:"utf8mb4" doc:"character set of the databases"`
	Collation        string            `yaml:"collation" doc:"collation of the databases; that of the character set by default"`
	Profiles         []string          `yaml:"credential_profiles" doc:"keys for older consumers in credentials: jdbc, tanzu, sslrootcert"`
}

//go:embed catalog.yaml
var catalogYAML string

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    definitionName,
	Doc:     "databases of MariaDB and MySQL",
	Catalog: catalogYAML,
	New: func(ctx context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		return newProvider(ctx, settings, host)
	},
	Check:     Settings.check,
	CheckPlan: func(_ *openbroker.Service, _ *openbroker.Plan, settings PlanSettings) error { return settings.check() },
})

func (s Settings) check() error {
	where, err := parseURL(string(s.URL))
	if err != nil {
		return &provider.FieldError{Field: "url", Err: err}
	}
	if s.Username == "" && where.user == "" {
		return &provider.FieldError{Field: "username", Err: errors.New("is missing, and the url has none: name the account of the broker")}
	}
	for _, text := range s.Hosts {
		if _, err := parseHost(text); err != nil {
			return &provider.FieldError{Field: "hosts", Err: err}
		}
	}
	return s.TLS.Check("tls")
}

// maxStatementTimeout is the largest max_statement_time.
const maxStatementTimeout = 31536000 * time.Second

var charsetName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

func (s PlanSettings) check() error {
	if !charsetName.MatchString(s.Charset) {
		return &provider.FieldError{Field: "charset", Err: errors.New("must be the name of a character set, such as utf8mb4")}
	}
	if s.Collation != "" && !charsetName.MatchString(s.Collation) {
		return &provider.FieldError{Field: "collation", Err: errors.New("must be the name of a collation, such as utf8mb4_unicode_ci")}
	}
	if timeout := time.Duration(s.StatementTimeout); timeout != 0 && (timeout < time.Millisecond || timeout > maxStatementTimeout) {
		return &provider.FieldError{Field: "statement_timeout", Err: fmt.Errorf("must be from 1ms to %v", maxStatementTimeout)}
	}
	if err := credential.CheckProfiles(s.Profiles); err != nil {
		return &provider.FieldError{Field: "credential_profiles", Err: err}
	}
	return nil
}
