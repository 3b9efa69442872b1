package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

// maxWaiting bounds the requests that wait for the verification of a hash. They
// wait for seconds at most; more of them would only pile up.
const maxWaiting = 64

// Basic authenticates requests by HTTP basic authentication (RFC 7617), which
// is what every platform speaks. It holds several credentials at once; those of
// one platform stand for the same caller. Create it with [NewBasic] or
// [LoadBasic].
//
// The time of a check does not tell which user names exist, nor how much of a
// password is right. Plain passwords are kept as keyed digests only. Hashes are
// slow by design, so the digest of a password that was verified is remembered
// until the next replacement, under a key that never leaves the process; and
// only half of the processors (one at least) verify hashes at a time, so that a
// flood of wrong passwords leaves the broker working. Requests that cannot even
// wait for their turn are answered with 503.
type Basic struct {
	state   atomic.Pointer[credentialSet]
	slots   chan struct{}
	waiting atomic.Int64
}

var _ openbroker.Authenticator = (*Basic)(nil)

// NewBasic returns an authenticator for the credentials. The error names the
// first credential that is unacceptable by its position and user name: an empty
// user name or password (or the hash of an empty one), a colon in the user
// name, a control character, a malformed or too expensive hash, a credential
// that occurs twice, no credential at all, or more than 1000.
func NewBasic(credentials ...Credential) (*Basic, error) {
	b := &Basic{slots: make(chan struct{}, verificationSlots())}
	if err := b.Replace(credentials...); err != nil {
		return nil, err
	}
	return b, nil
}

// Replace makes the credentials the only ones, for all requests that begin
// after it returns. If it returns an error, for the reasons of [NewBasic],
// nothing has changed. To rotate a password, replace the credentials by both
// the old one and the new one, and later by the new one alone.
func (b *Basic) Replace(credentials ...Credential) error {
	set, err := newCredentialSet(credentials)
	if err != nil {
		return err
	}
	b.state.Store(set)
	return nil
}

var (
	errNotBase64     = refuse("the basic credentials are not base64")
	errNoColon       = refuse("the basic credentials have no colon between username and password")
	errUnprintable   = refuse("the basic credentials have a control character or are not UTF-8")
	errNoMatch       = refuse("no credential has this username and password")
	errTooManyChecks = openbroker.ErrUnavailable.
				WithDescription("Too many logins are being verified. Try again.").
				WithRetryAfter(time.Second).
				WithCause(errors.New("too many requests wait for the verification of a password hash"))
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
		entry, failure = b.verify(r.Context(), set, userpass[:colon], userpass[colon+1:], digest)
		if failure != nil {
			return openbroker.Principal{}, failure
		}
	}
	if entry == nil {
		return openbroker.Principal{}, errNoMatch
	}
	return entry.principal, nil
}

// verify checks a password against hashes when its turn comes.
func (b *Basic) verify(ctx context.Context, set *credentialSet, username, password []byte, digest *digest) (*entry, *openbroker.Error) {
	if b.waiting.Add(1) > maxWaiting+int64(cap(b.slots)) {
		b.waiting.Add(-1)
		return nil, errTooManyChecks
	}
	defer b.waiting.Add(-1)
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return nil, openbroker.ErrUnavailable.WithCause(ctx.Err())
	}
	if entry := set.find(digest); entry != nil {
		return entry, nil // Another request verified it meanwhile.
	}
	return set.verify(username, password, digest), nil
}

// Challenges returns the challenge of RFC 7617.
func (b *Basic) Challenges() []string {
	return []string{`Basic realm="` + realm + `", charset="UTF-8"`}
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

// verificationSlots is how many hashes may be verified at a time.
func verificationSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }
