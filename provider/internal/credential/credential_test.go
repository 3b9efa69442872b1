package credential_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

func TestPassword(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{39}$`)
	seen := map[string]bool{}
	used := map[rune]bool{}
	for range 1000 {
		password := credential.Password()
		if !form.MatchString(password) || seen[password] {
			t.Fatalf("the password %q has another form, or is not new", password)
		}
		seen[password] = true
		for _, c := range password {
			used[c] = true
		}
	}
	if len(used) != 62 {
		t.Errorf("passwords use %d of 62 characters", len(used))
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^ob[a-z2-7]{30}$`)
	instance := durable.Instance{Platform: "default", ID: "i"}
	for _, name := range []string{instance.ResourceName(), durable.Binding{Instance: instance, ID: "b"}.ResourceName()} {
		identifier := credential.Identifier(name)
		if back, ok := credential.ResourceName(identifier); !ok || back != name || strings.Contains(identifier, "-") || len(identifier) != 28 {
			t.Errorf("Identifier(%q) = %q, and back %q, %t", name, identifier, back, ok)
		}
		user := credential.Username(name)
		if back, ok := credential.ResourceOfUser(user); !ok || back != name || !form.MatchString(user) {
			t.Errorf("Username(%q) = %q, and back %q, %t", name, user, back, ok)
		}
		changed := user[:31] + string('a'+(user[31]-'a'+1)%5)
		for _, foreign := range []string{"", "root", "ob", identifier, changed, strings.ToUpper(user)} {
			if _, ok := credential.ResourceOfUser(foreign); ok {
				t.Errorf("%q counts as a user of a broker", foreign)
			}
		}
		for _, foreign := range []string{"", "obx", user, strings.ToUpper(identifier), name} {
			if _, ok := credential.ResourceName(foreign); ok {
				t.Errorf("%q counts as a resource of a broker", foreign)
			}
		}
	}
}

func TestValidKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"uri": true, "key-prefix": true, "tls_port": true, "a.b": true, strings.Repeat("a", 253): true,
		"": false, "jdbcUrl": false, "amqp+ssl": false, "a b": false, "a/b": false, "ä": false, strings.Repeat("a", 254): false,
	} {
		if credential.ValidKey(key) != want {
			t.Errorf("ValidKey(%q) is %t", key, !want)
		}
	}
}
