package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

// Basic authenticates requests by HTTP basic authentication (RFC 7617), which
// is what every platform speaks. It holds several credentials at once; those of
// one platform stand for the same caller. Create it with [NewBasic] or
// [LoadBasic].
//
// The time of a check does not tell which user names exist, nor how much of a
// password is right. Plain passwords are kept as keyed digests only. Hashes are
// slow by design, so the digest of a password that was verified is remembered
// as long as the credential stays, under a key that never leaves the process; so
// is that of a wrong one, until the credentials change. Only half of the
// processors (one at least) verify hashes at a time, so that a flood of wrong
// passwords leaves the broker working.
//
// Who waits for a verification is served in turns by address (of an IPv6 address
// the first 64 bits) and then by user name, and those who logged in before go
// before all others. When 512 requests wait, the last of whoever has most of
// them is answered with 503.
type Basic struct {
	state atomic.Pointer[credentialSet]
	queue *verifications
	key   []byte // of the digests
}

var _ openbroker.Authenticator = (*Basic)(nil)

// NewBasic returns an authenticator for the credentials. The error names the
// first credential that is unacceptable by its position and user name: an empty
// user name or password (or the hash of an empty one), a colon in the user
// name, a control character, a malformed or too expensive hash, a credential
// that occurs twice, no credential at all, or more than 1000.
func NewBasic(credentials ...Credential) (*Basic, error) {
	b := newEmptyBasic()
	if err := b.Replace(credentials...); err != nil {
		return nil, err
	}
	return b, nil
}

// newEmptyBasic returns an authenticator that has no credentials yet.
func newEmptyBasic() *Basic {
	b := &Basic{queue: newVerifications(verificationSlots()), key: make([]byte, sha256.Size)}
	_, _ = rand.Read(b.key) // Never fails, by its contract.
	return b
}

// Replace makes the credentials the only ones, for all requests that begin
// after it returns. If it returns an error, for the reasons of [NewBasic],
// nothing has changed. To rotate a password, replace the credentials by both
// the old one and the new one, and later by the new one alone. Passwords that
// were verified against a hash that stays are not verified again.
func (b *Basic) Replace(credentials ...Credential) error {
	set, err := newCredentialSet(credentials, b.key, b.state.Load())
	if err != nil {
		return err
	}
	b.state.Store(set)
	return nil
}

var (
	errNotBase64   = refuse("the basic credentials are not base64")
	errNoColon     = refuse("the basic credentials have no colon between username and password")
	errUnprintable = refuse("the basic credentials have a control character or are not UTF-8")
	errNoMatch     = refuse("no credential has this username and password")
	errQueueFull   = errors.New("too many requests wait for the verification of a password hash")
)

// Authenticate returns the principal with the user name as Name and "basic" as
// Method. The error is 401 unless a credential matches, and 503 if too many
// requests wait for the verification of a hash.
func (b *Basic) Authenticate(r *http.Request) (openbroker.Principal, error) {
	encoded, failure := authorization(r, "Basic")
	if failure != nil {
		return openbroker.Principal{}, failure
	}
	set := b.state.Load()
	s := set.scratch()
	defer set.release(s)
	if n := base64.StdEncoding.DecodedLen(len(encoded)); n > len(s.buffer) {
		s.buffer = make([]byte, n)
	}
	s.encoded = append(s.encoded[:0], encoded...)
	n, err := base64.StdEncoding.Decode(s.buffer, s.encoded)
	userpass := s.buffer[:n]
	if err != nil {
		return openbroker.Principal{}, errNotBase64
	}
	colon := bytes.IndexByte(userpass, ':')
	if colon < 0 {
		return openbroker.Principal{}, errNoColon
	}
	if !printableBytes(userpass) {
		// No credential has such characters, and some hashes ignore them.
		return openbroker.Principal{}, errUnprintable
	}
	digest := s.digest(userpass)
	entry := set.find(digest)
	if entry == nil && set.rounds > 0 {
		entry, failure = b.verify(r, set, userpass[:colon], userpass[colon+1:], digest)
		if failure != nil {
			return openbroker.Principal{}, failure
		}
	}
	if entry != nil && entry.hash != nil {
		b.queue.remember(sender{networkOf(r.RemoteAddr), entry.principal.Name})
	}
	if entry == nil {
		return openbroker.Principal{}, errNoMatch
	}
	return entry.principal, nil
}

// verify checks a password against hashes when its turn comes.
func (b *Basic) verify(r *http.Request, set *credentialSet, username, password []byte, digest *digest) (*entry, *openbroker.Error) {
	if set.refused.has(digest) {
		return nil, nil // No entry, and no error.
	}
	who := sender{networkOf(r.RemoteAddr), string(username)}
	if failure := b.queue.acquire(r.Context(), who); failure != nil {
		return nil, failure
	}
	defer b.queue.release()
	if entry := set.find(digest); entry != nil {
		return entry, nil // Another request verified it meanwhile.
	}
	if set.refused.has(digest) {
		return nil, nil // Likewise.
	}
	entry := set.verify(username, password, digest)
	if entry == nil {
		set.refused.add(digest)
		b.queue.forget(who)
	}
	return entry, nil
}

// Challenges returns the challenge of RFC 7617.
func (b *Basic) Challenges() []string {
	return []string{basicChallenge}
}

// printableBytes is printable for bytes, quick for those of ASCII.
func printableBytes(b []byte) bool {
	for i := range b {
		if b[i] < ' ' || b[i] >= 0x7f {
			return utf8.Valid(b) && bytes.IndexFunc(b, unicode.IsControl) < 0
		}
	}
	return true
}
