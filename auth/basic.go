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
// every platform supports. It holds one or more credentials; those of the same
// platform share that platform's instances. Create it with [NewBasic] or
// [LoadBasic].
//
// The duration of a check reveals neither which user names exist nor how much of
// a password is right. Basic keeps keyed digests of plain passwords, never the
// passwords. Hashes are slow by design, so Basic caches the digest of a verified
// password while its credential stays, and that of a wrong password until the
// credentials change. The key of the digests never leaves the process. At most
// half of the processors, but at least one, verify hashes at a time: a flood of
// wrong passwords leaves the broker responsive.
//
// Requests that wait for a verification take turns by address (the first 64 bits
// of an IPv6 address), then by user name. Senders that have logged in before go
// first. When more than 512 requests wait, Basic answers the newest request of
// the largest group with 503.
type Basic struct {
	state atomic.Pointer[credentialSet]
	queue *verifications
	key   []byte // keys the digests
}

var _ openbroker.Authenticator = (*Basic)(nil)

// NewBasic returns an authenticator for the credentials. It accepts 1 to 1000 of
// them. It returns an error that names the first unacceptable credential by
// position and user name if the user name or the password is empty (or the hash
// is that of an empty password), the user name contains a colon, a control
// character occurs, a hash is malformed or too expensive, or a credential occurs
// twice.
func NewBasic(credentials ...Credential) (*Basic, error) {
	b := newEmptyBasic()
	if err := b.Replace(credentials...); err != nil {
		return nil, err
	}
	return b, nil
}

// newEmptyBasic returns an authenticator without credentials.
func newEmptyBasic() *Basic {
	b := &Basic{queue: newVerifications(verificationSlots()), key: make([]byte, sha256.Size)}
	_, _ = rand.Read(b.key) // By contract, it never fails.
	return b
}

// Replace replaces all credentials. Requests that begin after it returns see only
// the new ones. It returns the errors of [NewBasic], and then leaves the
// credentials unchanged. To rotate a password, first replace the old credential
// with the old and the new one, and later with the new one alone. Basic does not
// verify a password again if its hash stays.
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
	errUnprintable = refuse("the basic credentials contain a control character or are not UTF-8")
	errNoMatch     = refuse("no credential has this username and password")
	errQueueFull   = errors.New("too many requests are waiting for the verification of a password hash")
)

// Authenticate returns the principal with the user name as Name and "basic" as
// Method. It returns a 401 if no credential matches, and a 503 if too many
// requests are waiting for the verification of a hash.
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
		// Credentials never contain such characters, and some hashes ignore them.
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
		return entry, nil // Another request has verified it in the meantime.
	}
	if set.refused.has(digest) {
		return nil, nil // Another request has refused it in the meantime.
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

// printableBytes is printable for bytes, with a fast path for ASCII.
func printableBytes(b []byte) bool {
	for i := range b {
		if b[i] < ' ' || b[i] >= 0x7f {
			return utf8.Valid(b) && bytes.IndexFunc(b, unicode.IsControl) < 0
		}
	}
	return true
}
