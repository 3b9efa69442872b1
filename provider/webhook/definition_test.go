package webhook_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/webhook"
	"github.com/openbroker/openbroker/server/config"
)

// What is wrong with the settings has a place, and secrets are not shown.
func TestSettings(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(webhook.Definition)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ settings, want string }{
		"minimal":              {"url: https://receiver.test\nsecrets: [SECRET]", ""},
		"all":                  {"url: https://receiver.test/hook?key=k\nsecrets: [SECRET, \"${env:SECOND}\"]\ntls: {ca: /ca.pem, certificate: /c.pem, key: /k.pem, server_name: other.test, mode: verify-ca}\nsigned_answers: true\ncallback_url: https://broker.test/osb\ntimeout: 1m\nretries: 0\npoll_interval: 1s\ntolerance: 1m\nnetworks: [10.0.0.0/8]\nheaders: {X-Key: k}", ""},
		"to this machine":      {"url: http://127.0.0.1:9000/\nsecrets: [SECRET]", ""},
		"to localhost":         {"url: http://localhost/\nsecrets: [SECRET]", ""},
		"to this machine, v6":  {"url: \"http://[::1]:9000/\"\nsecrets: [SECRET]", ""},
		"http allowed":         {"url: http://receiver.test\nallow_http: true\nsecrets: [SECRET]", ""},
		"no url":               {"secrets: [SECRET]", "3:3: provider.webhook has no url, which is required"},
		"no secrets":           {"url: https://receiver.test", "has no secrets, which is required"},
		"empty secrets":        {"url: https://receiver.test\nsecrets: []", "5:14: provider.webhook.secrets has no secret: add one"},
		"no URL":               {"url: receiver.test\nsecrets: [SECRET]", "4:10: provider.webhook.url must be a URL such as"},
		"ftp":                  {"url: ftp://receiver.test\nsecrets: [SECRET]", "url must be a URL such as"},
		"a user":               {"url: https://user:pw@receiver.test\nsecrets: [SECRET]", "url must be a URL such as"},
		"http":                 {"url: http://receiver.test\nsecrets: [SECRET]", "url is http, and not to this machine"},
		"http and TLS":         {"url: http://localhost\ntls: {ca: /ca.pem}\nsecrets: [SECRET]", "5:10: provider.webhook.tls has no effect with http"},
		"TLS without proof":    {"url: https://receiver.test\ntls: {mode: require}\nsecrets: [SECRET]", "tls.mode must be verify-full or verify-ca"},
		"half a certificate":   {"url: https://receiver.test\ntls: {certificate: /c.pem}\nsecrets: [SECRET]", "tls needs both certificate and key"},
		"a short secret":       {"url: https://receiver.test\nsecrets: [SECRET, whsec_c2hvcnQ=]", "5:55: provider.webhook.secrets[1] has 5 bytes behind whsec_"},
		"no secret":            {"url: https://receiver.test\nsecrets: [open-sesame]", "secrets[0] must be whsec_ and 24 to 64 random bytes"},
		"a network":            {"url: https://receiver.test\nsecrets: [SECRET]\nnetworks: [10.0.0.0/8, 10.0.0.1/8]", "6:28: provider.webhook.networks[1] must be a network such as"},
		"callback with query":  {"url: https://receiver.test\nsecrets: [SECRET]\ncallback_url: https://broker.test/?a", "callback_url must be the URL of the broker"},
		"a header of ours":     {"url: https://receiver.test\nsecrets: [SECRET]\nheaders: {webhook-id: x}", `headers has "webhook-id", which the provider sets itself`},
		"a header with spaces": {"url: https://receiver.test\nsecrets: [SECRET]\nheaders: {x y: z}", "which is no name of a header"},
		"a header with lines":  {"url: https://receiver.test\nsecrets: [SECRET]\nheaders: {x: \"open\\nsesame\"}", "has a value with control characters"},
		"no timeout":           {"url: https://receiver.test\nsecrets: [SECRET]\ntimeout: 0s", "timeout must be longer than 0s"},
		"no check timeout":     {"url: https://receiver.test\nsecrets: [SECRET]\ncheck_timeout: 0s", "check_timeout must be longer than 0s"},
		"no concurrency":       {"url: https://receiver.test\nsecrets: [SECRET]\nconcurrency: 0", "concurrency must be a whole number from 1 to 1000"},
		"no poll interval":     {"url: https://receiver.test\nsecrets: [SECRET]\npoll_interval: 0s", "poll_interval must be longer than 0s"},
		"no tolerance":         {"url: https://receiver.test\nsecrets: [SECRET]\ntolerance: 10ms", "tolerance must be at least 1s"},
		"a typo":               {"url: https://receiver.test\nsecret: [open-sesame]", `5:5: "secret" is unknown: did you mean "secrets"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "data: /tmp\nprovider:\n  webhook:\n    " + strings.ReplaceAll(strings.ReplaceAll(c.settings, "\n", "\n    "), "SECRET", secret)
			text = strings.Replace(text, "data: /tmp\n", "# A comment.\n", 1)
			_, err := config.Parse("openbroker.yaml", []byte(text), func(string) (string, bool) { return another, true }, set)
			if shown := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(shown, c.want) || strings.Contains(shown, "sesame") || strings.Contains(shown, secret[6:]) {
				t.Errorf("%v\nin\n%s", err, text)
			}
		})
	}
}

// Plans can have any settings, but only as an object.
func TestPlanSettings(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(webhook.Definition)
	if err != nil {
		t.Fatal(err)
	}
	for settings, want := range map[string]string{
		"{size: 5, zones: [a, {b: null}]}": "has no value", "{size: 5, zones: [a, {b: 1.50}]}": "", "{}": "", "5": "must be a mapping", "[]": "must be a mapping",
	} {
		source, err := catalog.ParseSource("catalog.yaml", []byte("services: [{id: s, name: s, description: A service., bindable: true, plans: [{id: p, name: p, description: A plan., webhook: "+settings+"}]}]"))
		if err != nil {
			t.Fatal(err)
		}
		var problems catalog.Errors
		if findings := set.Lint(source); len(findings) > 0 {
			problems = findings
		}
		if (len(problems) == 0) != (want == "") || want != "" && !strings.Contains(errors.Join(problems).Error(), want) {
			t.Errorf("%s: %v", settings, problems)
		}
	}
}

// config check finds files that cannot be used.
func TestFilesAreChecked(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(webhook.Definition)
	if err != nil {
		t.Fatal(err)
	}
	ca := newAuthority(t).file(t.TempDir())
	for files, want := range map[string]string{
		"tls: {ca: " + ca + "}": "", "": "", "tls: {ca: missing.pem}": "openbroker.yaml:6:10: provider.webhook.tls is not usable", "tls: {certificate: c.pem, key: k.pem}": "tls is not usable",
	} {
		text := "data: " + t.TempDir() + "\nprovider:\n  webhook:\n    url: https://receiver.test\n    secrets: [\"${env:SECRET}\"]\n    " + files
		settings, err := config.Parse("openbroker.yaml", []byte(text), func(string) (string, bool) { return secret, true }, set)
		if err != nil {
			t.Fatal(err)
		}
		if err := settings.CheckFiles(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", files, err)
		}
	}
}
