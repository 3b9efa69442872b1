package nats

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// An operator signs accounts.
type operator struct {
	key    nkeys.KeyPair
	public string
	seed   []byte
}

// newOperator reads a seed. The errors do not show it.
func newOperator(seed string) (*operator, error) {
	trimmed := trimSeed(seed)
	key, err := nkeys.FromSeed(trimmed)
	if err != nil {
		return nil, errors.New("is no seed of an operator, which begins with SO")
	}
	public, err := key.PublicKey()
	if err != nil || !nkeys.IsValidPublicOperatorKey(public) {
		return nil, errors.New("is the seed of something else than an operator: it must begin with SO")
	}
	_, raw, err := nkeys.DecodeSeed(trimmed)
	if err != nil {
		return nil, errors.New("is no seed of an operator")
	}
	return &operator{key: key, public: public, seed: raw}, nil
}

// trimSeed returns the seed in a file of the tool nsc, which may have comments, or the
// seed itself.
func trimSeed(text string) []byte {
	if key, err := nkeys.ParseDecoratedNKey([]byte(text)); err == nil {
		if seed, err := key.Seed(); err == nil {
			return seed
		}
	}
	return []byte(strings.TrimSpace(text))
}

// account returns the public key of the account of an instance. It is derived from the
// operator's seed, so that a provision that was interrupted, or is cleaned up, finds its
// account without having kept anything.
func (o *operator) account(identifier string) (string, error) {
	raw, err := hkdf.Key(sha256.New, o.seed, nil, "openbroker account "+identifier, 32)
	if err != nil {
		return "", fmt.Errorf("derive the key of the account: %w", err)
	}
	seed, err := nkeys.EncodeSeed(nkeys.PrefixByteAccount, raw)
	if err != nil {
		return "", err
	}
	key, err := nkeys.FromSeed(seed)
	if err != nil {
		return "", err
	}
	return key.PublicKey()
}

// creds are those of a user.
type creds struct{ jwt, seed string }

// parseCreds reads the content of a creds file. The errors do not show it.
func parseCreds(text string) (creds, error) {
	token, err := jwt.ParseDecoratedJWT([]byte(text))
	if err != nil {
		return creds{}, errors.New("is no content of a creds file: it has no JWT")
	}
	if _, err := jwt.DecodeUserClaims(token); err != nil {
		return creds{}, errors.New("is no content of a creds file: its JWT is not that of a user")
	}
	key, err := jwt.ParseDecoratedUserNKey([]byte(text))
	if err != nil {
		return creds{}, errors.New("is no content of a creds file: it has no seed of a user")
	}
	seed, err := key.Seed()
	if err != nil {
		return creds{}, errors.New("is no content of a creds file: its seed cannot be used")
	}
	return creds{jwt: token, seed: string(seed)}, nil
}
