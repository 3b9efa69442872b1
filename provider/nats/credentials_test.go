package nats_test

import (
	"encoding/json"
	"regexp"
	"testing"
)

// Credentials have the keys and types of docs/services/nats.md.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	subject := service(s)
	subject.Settings += "application_url: nats://a.example:1,nats://b.example:2\n"
	b := subject.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	credentials, err := b.Bind(t, "i", "b", "small", nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, form := range map[string]string{
		"uri": `"nats://a\.example:1"`, "uris": `\["nats://a\.example:1","nats://b\.example:2"\]`, "host": `"a\.example"`, "hostname": `"a\.example"`, "port": `1`,
		"jwt": `"eyJ[\w.-]+"`, "seed": `"SU[A-Z2-7]{56}"`, "creds": `"-----BEGIN NATS USER JWT-----.*SU[A-Z2-7]{56}.*"`, "account": `"A[A-Z2-7]{55}"`,
		"inbox-prefix": `"_INBOX_ob[a-z2-7]{30}"`,
	} {
		text, err := json.Marshal(credentials[key])
		if err != nil || !regexp.MustCompile("^"+form+"$").Match(text) {
			t.Errorf("%s is %s, want %s", key, text, form)
		}
		delete(credentials, key)
	}
	if len(credentials) > 0 {
		t.Errorf("the credentials have more keys: %v", credentials)
	}
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Fatal(err)
	}
}
