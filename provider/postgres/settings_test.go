package postgres_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
	"github.com/openbroker/openbroker/provider/postgres"
	"github.com/openbroker/openbroker/server/config"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for text, test := range map[string]struct {
		settings postgres.Settings
		hosts    string
		mode     string
	}{
		"postgres://b@127.0.0.1:5432/postgres?sslmode=disable":  {hosts: "127.0.0.1:5432", mode: "disable"},
		"postgres://b:p@db.example.com/postgres":                {hosts: "db.example.com:5432", mode: "verify-full"},
		"postgresql://b:p@db.example.com:6543?sslmode=require":  {hosts: "db.example.com:6543", mode: "require"},
		"postgres://b:p%40ss%2Fw@[fe80::1]:5433/postgres":       {hosts: "[fe80::1]:5433", mode: "verify-full"},
		"postgres://b@one:5432,two:5433/postgres":               {hosts: "one:5432 two:5433", mode: "verify-full"},
		"postgres://b@one:5432,two/postgres?connect_timeout=3":  {hosts: "one:5432 two:5432", mode: "verify-full"},
		"postgres://b@inner:5432/postgres?sslmode=verify-ca":    {settings: postgres.Settings{Hosts: []string{"outer", "[::1]:7"}}, hosts: "outer:5432 [::1]:7", mode: "verify-ca"},
		"postgres://b@/postgres?host=/run/postgresql":           {settings: postgres.Settings{Hosts: []string{"outer:1"}}, hosts: "outer:1", mode: "verify-full"},
		"postgres://b@h/postgres?sslmode=disable&extra=ignored": {settings: postgres.Settings{TLS: transport.TLS{Mode: "verify-ca"}}, hosts: "h:5432", mode: "verify-ca"},
	} {
		test.settings.URL = provider.URL(text)
		hosts, mode, err := postgres.Address(test.settings)
		if got := strings.Join(hosts, " "); err != nil || got != test.hosts || mode != test.mode {
			t.Errorf("%s: %s %s, %v; want %s %s", text, got, mode, err, test.hosts, test.mode)
		}
	}
}

// The errors about a URL name the problem, and no part of what may be the password.
func TestAddressProblems(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"":                                                "url does not begin with postgres://",
		"mysql://b:MARKED@h":                              "url does not begin with postgres://",
		"h:5432":                                          "url does not begin with postgres://",
		"postgres://h:5432/postgres":                      "url has no account",
		"postgres://b:MARKED@/postgres":                   "url has no host",
		"postgres://b:MAR/KED@h/postgres":                 "url has no account, or a character that needs an escape",
		"postgres://b:MAR@KED@h/postgres":                 "url has no account, or a character that needs an escape",
		"postgres://b:MAR#KED@h/postgres":                 "url has no account, or a character that needs an escape",
		"postgres://b:MAR?KED@h/postgres":                 "url ",
		"postgres://b:MAR%KED@h/postgres":                 "url is malformed",
		"postgres://b:MARKED@h:port/postgres":             "url is malformed",
		"postgres://b:MARKED@h/postgres?sslmode=prefer":   `url has the sslmode "prefer": use one of verify-full, verify-ca, require, disable`,
		"postgres://b:MARKED@h/postgres?sslmode=%zz":      "url has malformed options",
		"postgres://b@h/p?sslmode=require&sslrootcert=/c": "url has the sslmode require, which verifies nothing",
		"postgres://b:MARKED@/p?host=/run/postgresql":     "url names a socket, which applications cannot reach: add hosts",
	} {
		hosts, _, err := postgres.Address(postgres.Settings{URL: provider.URL(text)})
		if err == nil || !strings.HasPrefix(err.Error(), problem) || strings.Contains(err.Error(), "KED") {
			t.Errorf("%s: %v, %v; want %q", text, hosts, err, problem)
		}
	}
	for _, host := range []string{"", "h:", ":5432", "h:0", "h:70000", "h:p", "a b", "u@h", "[::1", "postgres://h"} {
		if hosts, _, err := postgres.Address(postgres.Settings{URL: "postgres://b@h", Hosts: []string{host}}); err == nil || !strings.HasPrefix(err.Error(), "hosts has") {
			t.Errorf("the host %q: %v, %v", host, hosts, err)
		}
	}
}

// Any URL is read or refused, and a refusal has no password.
func FuzzAddress(f *testing.F) {
	f.Add("postgres://", "h:5432/postgres?sslmode=disable")
	f.Add("postgres://b", "h:1,[::1]:2/p?sslmode=verify-full&connect_timeout=x")
	f.Add("postgres://b:p@", "/p?host=/tmp")
	f.Fuzz(func(t *testing.T, before, after string) {
		hosts, _, err := postgres.Address(postgres.Settings{URL: provider.URL(before + "MARKEDpassword" + after)})
		if err != nil && strings.Contains(err.Error(), "MARKED") || err == nil && len(hosts) == 0 {
			t.Errorf("%q and %q: %q, %v", before, after, hosts, err)
		}
	})
}

func TestPlanProblems(t *testing.T) {
	t.Parallel()
	valid := func(change func(*postgres.PlanSettings)) postgres.PlanSettings {
		s := postgres.PlanSettings{Isolation: "database", SharedDatabase: "openbroker_shared", Encoding: "UTF8"}
		change(&s)
		return s
	}
	for problem, change := range map[string]func(*postgres.PlanSettings){
		"": func(s *postgres.PlanSettings) {
			s.Settings, s.Extensions = map[string]string{"work_mem": "1MB", "pg_trgm.similarity_threshold": "0.5"}, []string{"uuid-ossp"}
		},
		"shared_database is \"Shared\"":                              func(s *postgres.PlanSettings) { s.SharedDatabase = "Shared" },
		"shared_database is \"postgres\"":                            func(s *postgres.PlanSettings) { s.SharedDatabase = "postgres" },
		"shared_database is \"obaaaaaaaaaaaaaaaaaaaaaaaaaa\", which": func(s *postgres.PlanSettings) { s.SharedDatabase = "obaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		"locale is that of a database":                               func(s *postgres.PlanSettings) { s.Isolation, s.Locale = "schema", "C" },
		"settings has \"role\", which is set in another way":         func(s *postgres.PlanSettings) { s.Settings = map[string]string{"role": "postgres"} },
		"settings has \"work_mem = '1'; DROP\", which is no name":    func(s *postgres.PlanSettings) { s.Settings = map[string]string{"work_mem = '1'; DROP": "1"} },
		"settings has a value of \"work_mem\"":                       func(s *postgres.PlanSettings) { s.Settings = map[string]string{"work_mem": "\x00"} },
		"extensions has \"\"":                                        func(s *postgres.PlanSettings) { s.Extensions = []string{""} },
		"encoding is \"\\x00\"":                                      func(s *postgres.PlanSettings) { s.Encoding = "\x00" },
		"binding_ttl is 1ms":                                         func(s *postgres.PlanSettings) { s.BindingTTL = 1e6 },
		"credential_profiles has \"odbc\"":                           func(s *postgres.PlanSettings) { s.Profiles = []string{"odbc"} },
	} {
		err := postgres.CheckPlan(valid(change))
		if problem == "" && err != nil || problem != "" && (err == nil || !strings.HasPrefix(err.Error(), problem)) {
			t.Errorf("the error is %v, want %q", err, problem)
		}
	}
}

// The keys and types of the credentials are part of the contract with applications.
func TestCredentials(t *testing.T) {
	t.Parallel()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, []byte("PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		settings postgres.Settings
		profiles []string
	}{
		"plain":    {settings: postgres.Settings{URL: "postgres://b:Secret9@db.example.com/postgres"}},
		"profiles": {settings: postgres.Settings{URL: "postgres://b:Secret9@[fe80::1]:5433/postgres", TLS: transport.TLS{CA: provider.Path(authority)}}, profiles: credential.Profiles()},
		"hosts":    {settings: postgres.Settings{URL: "postgres://b:Secret9@one:5432,two:5433/postgres?sslmode=disable", ApplicationTLS: "require"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			credentials, err := postgres.Credentials(test.settings, test.profiles...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(credentials, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("testdata", "credentials-"+name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
				t.Errorf("the credentials differ (-want +got):\n%s", diff)
			}
			for _, key := range slices.Sorted(maps.Keys(credentials)) {
				if !credential.ValidKey(key) && key != "jdbcUrl" {
					t.Errorf("the key %q is invalid", key)
				}
			}
		})
	}
}

// The driver understands a URI with several hosts, and finds the one that answers.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	config, err := pgconn.ParseConfig(server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	service := server.service(plainAccount)
	here := "127.0.0.1:" + strings.Split(strings.SplitN(server.DSN(), "127.0.0.1:", 2)[1], "/")[0]
	service.Settings = strings.Replace(service.Settings, here, "127.0.0.1:1,"+here, 1)
	tn := newTenant(t, server, service, service.Start(t), "tenant")
	credentials := tn.bind(t, "one", nil)
	if uri, ok := credentials["uri"].(string); !ok || !strings.Contains(uri, "127.0.0.1:1,"+here+"/") || !strings.Contains(uri, "target_session_attrs=read-write") {
		t.Error("the uri does not have both hosts")
	} else if got := query(t, connect(t, uri), "SELECT inet_server_port()"); got != strings.Split(here, ":")[1] {
		t.Errorf("the driver is connected to port %s, want %d", got, config.Port)
	}
}

// The verifier is that of the specification (RFC 7677 with the text form of PostgreSQL):
// the server's own for the same password, salt and iterations.
func TestVerifier(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	server.exec(t, "postgres", "CREATE ROLE own PASSWORD 'pencil'")
	stored := server.query(t, "postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'own'")
	salt, err := base64.StdEncoding.DecodeString(strings.FieldsFunc(stored, func(r rune) bool { return r == '$' || r == ':' })[2])
	if err != nil {
		t.Fatal(err)
	}
	got, err := postgres.VerifierWith("pencil", salt, 4096)
	if err != nil || got != stored {
		t.Errorf("the verifier is %s, %v; the server has %s", got, err, stored)
	}
}

// The example and the default catalog can be served.
func TestExample(t *testing.T) {
	t.Setenv("POSTGRES_PASSWORD", "Secret9")
	set, err := provider.NewSet(postgres.Definition)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load("../../examples/services/postgresql/openbroker.yaml", set)
	if err != nil {
		t.Fatal(err)
	}
	group, err := settings.Group()
	if err != nil {
		t.Fatal(err)
	}
	offered, err := settings.ReadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	if err := group.CheckCatalog(offered); err != nil {
		t.Error(err)
	}
}
