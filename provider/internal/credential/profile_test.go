package credential_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker/provider/internal/credential"
)

func TestAddProfiles(t *testing.T) {
	t.Parallel()
	database := credential.SQLDatabase{
		Subprotocol: "postgresql", Hosts: []credential.Host{{Name: "db1.example", Port: 5432}, {Name: "fe80::1", Port: 5433}},
		Name: "orders", Username: "app", Password: "p&w", Options: map[string]string{"sslmode": "verify-full"},
	}
	const jdbcURL = "jdbc:postgresql://db1.example:5432,[fe80::1]:5433/orders?password=p%26w&sslmode=verify-full&user=app"
	for name, test := range map[string]struct {
		profiles []string
		has      map[string]any
		want     map[string]any
	}{
		"none":                  {want: map[string]any{}},
		"jdbc":                  {profiles: []string{"jdbc"}, want: map[string]any{"jdbcUrl": jdbcURL, "jdbc-url": jdbcURL}},
		"tanzu":                 {profiles: []string{"tanzu"}, want: map[string]any{"db": "orders", "user": "app", "hosts": []string{"db1.example", "fe80::1"}}},
		"public authority":      {profiles: []string{"sslrootcert"}, want: map[string]any{}},
		"private authority":     {profiles: []string{"sslrootcert"}, has: map[string]any{"certificates": "PEM"}, want: map[string]any{"certificates": "PEM", "sslrootcert": "certificates"}},
		"several, and an older": {profiles: []string{"tanzu", "gone", "sslrootcert"}, want: map[string]any{"db": "orders", "user": "app", "hosts": []string{"db1.example", "fe80::1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := map[string]any{}
			maps.Copy(got, test.has)
			credential.AddProfiles(got, test.profiles, database)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the keys differ (-want +got):\n%s", diff)
			}
		})
	}
	parsed, err := url.Parse(strings.TrimPrefix(strings.Replace(jdbcURL, "db1.example:5432,", "", 1), "jdbc:"))
	if err != nil || parsed.Query().Get("password") != database.Password {
		t.Errorf("the password of %s: %v, %v", jdbcURL, parsed, err)
	}
}

// Only the profile jdbc has a key that file-based bindings refuse.
func TestProfileKeys(t *testing.T) {
	t.Parallel()
	for _, profile := range credential.Profiles() {
		added := map[string]any{"certificates": "PEM"}
		credential.AddProfiles(added, []string{profile}, credential.SQLDatabase{})
		for key := range added {
			if want := key != "jdbcUrl"; credential.ValidKey(key) != want {
				t.Errorf("%s: the key %q is valid: %v", profile, key, !want)
			}
		}
	}
}

func TestCheckProfiles(t *testing.T) {
	t.Parallel()
	for problem, profiles := range map[string][]string{
		"": {"jdbc", "tanzu", "sslrootcert"},
		`has "odbc", which is unknown: the profiles are jdbc, tanzu, sslrootcert`: {"jdbc", "odbc"},
		`has "jdbc" twice`: {"jdbc", "tanzu", "jdbc"},
	} {
		err := credential.CheckProfiles(profiles)
		if problem == "" && err == nil || err != nil && err.Error() == problem {
			continue
		}
		t.Errorf("%q: %v", slices.Clone(profiles), err)
	}
}
