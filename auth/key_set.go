package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	keyRefresh    = 10 * time.Minute // older keys are refreshed in the background
	keyLifetime   = 24 * time.Hour   // older keys are not trusted
	fetchInterval = 5 * time.Second  // minimum time between two fetches
	minRSABits    = 2048
)

// A keySet verifies signatures. It replaces oidc.RemoteKeySet, which fetches the
// keys again for every token with a bad signature, and trusts a withdrawn key
// until a token with an unknown key arrives.
type keySet struct {
	source     keySource // nil if the keys are fixed
	algorithms []jose.SignatureAlgorithm
	now        func() time.Time
	logger     *slog.Logger

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // when keys were fetched, or zero
	tried   time.Time // when the last fetch ended
	failure error     // of the last fetch
	running *fetch    // the fetch in progress, or nil
}

// A fetch is one call of the source. Several requests can wait for it.
type fetch struct {
	done chan struct{}
	err  error
}

var _ oidc.KeySet = (*keySet)(nil)

func newKeySet(config *BearerConfig) (*keySet, error) {
	k := &keySet{now: config.now, logger: config.Logger}
	for _, algorithm := range config.Algorithms {
		k.algorithms = append(k.algorithms, jose.SignatureAlgorithm(algorithm))
	}
	if len(config.Keys) == 0 {
		var err error
		k.source, err = newKeySource(config)
		return k, err
	}
	for i, key := range config.Keys {
		if err := checkPublicKey(key); err != nil {
			return nil, fmt.Errorf("the key Keys[%d] %w", i, err)
		}
		k.keys = append(k.keys, jose.JSONWebKey{Key: key})
	}
	return k, nil
}

// checkPublicKey refuses symmetric, private and weak keys. The error completes a
// sentence that begins with the key.
func checkPublicKey(key any) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key == nil || key.N == nil || key.N.BitLen() < minRSABits {
			return fmt.Errorf("has less than %d bits", minRSABits)
		}
	case *ecdsa.PublicKey:
		if key == nil || key.Curve == nil {
			return errors.New("has no curve")
		}
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return errors.New("has the wrong length")
		}
	case crypto.Signer:
		return fmt.Errorf("is a private key (%T): use its public key", key)
	default:
		return fmt.Errorf("is a %T: use an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey", key)
	}
	return nil
}

// VerifySignature returns the payload of the token. If the keys are unavailable,
// it also records the error with setUnavailable.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, k.algorithms)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	keys, age := k.keys, k.now().Sub(k.fetched)
	k.mu.Unlock()
	if k.source != nil && age > keyLifetime {
		keys = nil
	}
	payload, known := verifySignature(jws, keys)
	switch {
	case payload != nil && k.source != nil && age > keyRefresh:
		k.refresh(ctx)
		return payload, nil
	case payload != nil:
		return payload, nil
	case k.source == nil:
		return nil, errBadSignature
	}
	// The issuer may have rotated its keys.
	if err := k.await(ctx, k.refresh(ctx)); err != nil {
		if !known {
			setUnavailable(ctx, err)
		}
		return nil, err
	}
	k.mu.Lock()
	keys = k.keys
	k.mu.Unlock()
	if payload, _ = verifySignature(jws, keys); payload != nil {
		return payload, nil
	}
	return nil, errBadSignature
}

var errBadSignature = errors.New("no key of the issuer verifies the signature")

// verifySignature tries the keys with the id that the token names, and the keys
// without an id. known reports whether a key has that id.
func verifySignature(jws *jose.JSONWebSignature, keys []jose.JSONWebKey) (payload []byte, known bool) {
	if len(jws.Signatures) != 1 {
		return nil, false
	}
	header := jws.Signatures[0].Header
	for i := range keys {
		key := &keys[i]
		if header.KeyID != "" && key.KeyID != "" && key.KeyID != header.KeyID {
			continue
		}
		known = known || key.KeyID != "" && key.KeyID == header.KeyID
		if key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, known
}

// refresh starts a fetch or joins the running one. Within fetchInterval after the
// last fetch, it returns the result of that one instead.
func (k *keySet) refresh(ctx context.Context) *fetch {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running != nil {
		return k.running
	}
	f := &fetch{done: make(chan struct{})}
	if !k.tried.IsZero() && k.now().Sub(k.tried) < fetchInterval {
		f.err = k.failure
		close(f.done)
		return f
	}
	k.running = f
	// Other requests may wait for the fetch after this client has gone.
	go k.run(context.WithoutCancel(ctx), f)
	return f
}

func (k *keySet) run(ctx context.Context, f *fetch) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	keys, err := k.source(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		f.err = shortError{err}
		if k.failure == nil || k.failure.Error() != f.err.Error() {
			k.logger.LogAttrs(ctx, slog.LevelWarn, "cannot fetch the keys for bearer tokens", slog.String("error", f.err.Error()))
		}
	}
	k.running, k.failure, k.tried = nil, f.err, k.now()
	if err == nil {
		k.keys, k.fetched = keys, k.tried
	}
	close(f.done)
}

func (k *keySet) await(ctx context.Context, f *fetch) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
