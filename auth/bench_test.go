package auth_test

import (
	"crypto"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

func benchmark(b *testing.B, a openbroker.Authenticator, header string, accepted bool) {
	b.Helper()
	r := request(b.Context(), header)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(r); (err == nil) != accepted {
			b.Fatal(err)
		}
	}
}

func BenchmarkBasic(b *testing.B) {
	plain := newBasic(b, auth.Credential{Username: "cc", Password: "plain-secret-of-32-characters-xx"}, auth.Credential{Username: "cc", Password: "another"})
	hashed := newBasic(b, auth.Credential{Username: "cc", PasswordHash: bcryptHash(b, "secret")}, auth.Credential{Username: "kf", Password: "x"})
	b.Run("plain", func(b *testing.B) { benchmark(b, plain, basicHeader("cc", "plain-secret-of-32-characters-xx"), true) })
	b.Run("plain wrong", func(b *testing.B) { benchmark(b, plain, basicHeader("cc", "wrong"), false) })
	b.Run("hashed cached", func(b *testing.B) { benchmark(b, hashed, basicHeader("cc", "secret"), true) })
	b.Run("hashed wrong, least cost", func(b *testing.B) { benchmark(b, hashed, basicHeader("cc", "wrong"), false) })
}

func BenchmarkBearer(b *testing.B) {
	for _, key := range []signer{newRSA(b, "k"), newECDSA(b, "k")} {
		i := newIssuer(b, key)
		config := i.config(new(logBuffer))
		config.Keys = []crypto.PublicKey{key.key.Public()}
		b.Run(string(key.algorithm), func(b *testing.B) { benchmark(b, newBearer(b, config), key.sign(b, i.claims(nil)), true) })
	}
}
