package auth_test

import (
	"crypto"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

// For any header, only the right credentials are accepted, and everything else is
// a 401.
func FuzzBasicHeader(f *testing.F) {
	b := newBasic(f,
		auth.Credential{Username: "cc", Password: "plain-secret"},
		auth.Credential{Username: "kf", PasswordHash: argon2Hash("argon-secret")})
	for _, seed := range []string{
		basicHeader("cc", "plain-secret"), basicHeader("kf", "argon-secret"), "", "Basic", "Basic ", "Basic !", "basic Og==", "Basic Y2M=", "Bearer a.b.c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		principal, err := authenticate(b, header)
		if err != nil {
			mustBe401(t, err)
			return
		}
		// The standard library reads the same credentials.
		r := request(t.Context(), header)
		scheme, rest, _ := strings.Cut(header, " ")
		r.Header.Set("Authorization", scheme+" "+strings.Trim(rest, " "))
		username, password, ok := r.BasicAuth()
		right := map[string]string{"cc": "plain-secret", "kf": "argon-secret"}
		if !ok || username != principal.Name || right[username] != password {
			t.Errorf("%q was accepted as %q", header, principal.Name)
		}
	})
}

func FuzzBearerHeader(f *testing.F) {
	key := newECDSA(f, "k")
	i := newIssuer(f, key)
	config := i.config(new(logBuffer))
	config.Keys = []crypto.PublicKey{key.key.Public()}
	b := newBearer(f, config)
	good := key.sign(f, i.claims(nil))
	for _, seed := range []string{good, good[:len(good)-1], "Bearer ..", "Bearer a.b.c", "Bearer {}", unsigned(f, `{"alg":"none"}`, "", i.claims(nil))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if _, err := authenticate(b, header); err != nil {
			mustBe401(t, err)
			return
		}
		parts, ours := strings.Split(header, "."), strings.Split(good, ".")
		if len(parts) != 3 || parts[1] != ours[1] {
			t.Errorf("%q was accepted", header)
		}
	})
}

func mustBe401(t *testing.T, err error) {
	t.Helper()
	if found, ok := errors.AsType[*openbroker.Error](err); !ok || found.Status != http.StatusUnauthorized {
		t.Errorf("error %v is not a 401", err)
	}
}

// Accepted hashes have the documented form, and errors do not repeat the hash.
func FuzzPasswordHash(f *testing.F) {
	bcrypt := bcryptHash(f, "secret")
	for _, seed := range []string{
		bcrypt, argon2Hash("secret"), "$2b$", "$argon2id$v=19$m=64,t=2,p=1$$", "$argon2id$v=19$m=-1,t=2,p=1$YWFhYWFhYWE$YWFhYWFhYWE",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		if !strings.HasPrefix(hash, "$") || strings.ContainsAny(hash, "\r\n") {
			return
		}
		// ParseCredentials parses a hash without computing one.
		credentials, err := auth.ParseCredentials("file", []byte("user:"+hash))
		if err != nil {
			if len(hash) > 30 && strings.Contains(err.Error(), hash) {
				t.Errorf("the error contains the hash: %v", err)
			}
			return
		}
		fields := strings.Split(credentials[0].PasswordHash, "$")
		switch {
		case credentials[0].PasswordHash != hash:
			t.Errorf("%q was read as %q", hash, credentials[0].PasswordHash)
		case len(fields) == 4 && len(hash) == len(bcrypt):
		case len(fields) == 6:
			sum, err := base64.RawStdEncoding.DecodeString(fields[5])
			if err != nil || len(sum) < 16 || fields[1] != "argon2id" {
				t.Errorf("%q was accepted", hash)
			}
		default:
			t.Errorf("%q was accepted", hash)
		}
	})
}

// An accepted file yields valid credentials, each with a username and a secret.
func FuzzParseCredentials(f *testing.F) {
	for _, seed := range []string{
		"cc:secret\n", "[cf]\ncc:secret\nkf:other\n", "# x\n\n[a]\n[b]\r\nu:p:q", "u:" + argon2Hash("x"), "\xef\xbb\xbfu:p", "u: p", "[", ":", "u:\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		credentials, err := auth.ParseCredentials("some-file", []byte(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "auth: some-file:") {
				t.Errorf("error %q does not name the file", err)
			}
			return
		}
		if len(credentials) == 0 {
			t.Error("no credentials, no error")
		}
		plain := credentials[:0]
		for _, c := range credentials {
			if c.Username == "" || strings.Contains(c.Username, ":") || (c.Password == "") == (c.PasswordHash == "") {
				t.Errorf("credential %v", c)
			}
			if c.Password != "" {
				plain = append(plain, c) // A verification may take a second.
			}
		}
		if len(plain) == 0 {
			return
		}
		b, err := auth.NewBasic(plain...)
		if err != nil {
			t.Fatalf("NewBasic refuses the credentials of the file: %v", err)
		}
		if p, err := authenticate(b, basicHeader(plain[0].Username, plain[0].Password)); err != nil || p.Name != plain[0].Username {
			t.Errorf("principal %v, error %v", p, err)
		}
	})
}
