package main_test

import (
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// natsSecrets returns an operator's seed and the content of a creds file, for a
// configuration that needs no server.
func natsSecrets(t *testing.T) (seed, creds string) {
	t.Helper()
	create := func(key func() (nkeys.KeyPair, error)) (nkeys.KeyPair, []byte) {
		pair, err := key()
		if err != nil {
			t.Fatal(err)
		}
		secret, err := pair.Seed()
		if err != nil {
			t.Fatal(err)
		}
		return pair, secret
	}
	_, operator := create(nkeys.CreateOperator)
	account, _ := create(nkeys.CreateAccount)
	user, secret := create(nkeys.CreateUser)
	public, err := user.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewUserClaims(public).Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(token, secret)
	if err != nil {
		t.Fatal(err)
	}
	return string(operator), string(text)
}
