package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/openbroker/openbroker"
)

// A digest is the HMAC-SHA-256 of a user name and a password under the key of
// Basic.
type digest [sha256.Size]byte

// An entry is a credential in the form that checks compare.
type entry struct {
	principal openbroker.Principal
	// known is the digest of the right password. It is set from the start for a
	// plain password, and after the first verification for a hash. Entries of
	// equal credentials in successive sets share it.
	known *atomic.Pointer[digest]
	hash  passwordHash // nil for a plain password
}

// A credentialSet is an immutable set of credentials, which Basic replaces as a
// whole.
type credentialSet struct {
	entries []*entry
	byName  map[string][]*entry // entries with a hash, by user name
	// classes groups the entries with a hash by their cost. quota is the number of
	// hashes of each class that every failing check verifies. rounds is the sum of
	// the quotas.
	classes map[string][]*entry
	quota   map[string]int
	rounds  int
	// verified holds the known digests of the hashes. The key is the digest of user
	// name and hash.
	verified map[digest]*atomic.Pointer[digest]
	refused  refused
	pool     sync.Pool
	// source is the digest of the file that the set comes from, or nil.
	source *digest
	key    []byte
}

// scratch is the working memory of one check.
type scratch struct {
	mac     hash.Hash
	sum     digest
	encoded []byte
	buffer  []byte
}

// newCredentialSet returns the set that replaces previous, which may be nil.
func newCredentialSet(credentials []Credential, key []byte, previous *credentialSet) (*credentialSet, error) {
	if len(credentials) == 0 {
		return nil, errors.New("auth: the list of credentials is empty: add at least one, or use None to accept every request")
	}
	if len(credentials) > maxCredentials {
		return nil, fmt.Errorf("auth: the list has %d credentials: at most %d are accepted", len(credentials), maxCredentials)
	}
	set := &credentialSet{
		byName:   make(map[string][]*entry),
		classes:  make(map[string][]*entry),
		quota:    make(map[string]int),
		verified: make(map[digest]*atomic.Pointer[digest]),
		key:      key,
	}
	set.pool.New = func() any {
		return &scratch{mac: hmac.New(sha256.New, set.key), buffer: make([]byte, 256), encoded: make([]byte, 0, 256)}
	}
	seen := make(map[[2]string]int)
	for i, c := range credentials {
		err := c.validate()
		if first, twice := seen[[2]string{c.Username, c.Password + c.PasswordHash}]; err == nil && twice {
			err = fmt.Errorf("it is the same as credential %d", first+1)
		}
		if err == nil {
			err = set.add(c, previous)
		}
		if err != nil {
			return nil, &credentialError{index: i, username: c.Username, reason: err}
		}
		seen[[2]string{c.Username, c.Password + c.PasswordHash}] = i
	}
	for _, count := range set.quota {
		set.rounds += count
	}
	return set, nil
}

func (set *credentialSet) add(c Credential, previous *credentialSet) error {
	e := &entry{
		principal: openbroker.Principal{Name: c.Username, Method: "basic", Platform: c.Platform},
		known:     new(atomic.Pointer[digest]),
	}
	set.entries = append(set.entries, e)
	s := set.scratch()
	defer set.release(s)
	if c.Password != "" {
		known := *s.digest([]byte(c.Username + ":" + c.Password))
		e.known.Store(&known)
		return nil
	}
	var err error
	if e.hash, err = parsePasswordHash(c.PasswordHash); err != nil {
		return err
	}
	// A password never contains a NUL, so these digests cannot collide.
	line, stays := *s.digest([]byte(c.Username + "\x00" + c.PasswordHash)), false
	if previous != nil {
		var known *atomic.Pointer[digest]
		if known, stays = previous.verified[line]; stays {
			e.known = known
		}
	}
	if !stays && e.hash.verify(nil) {
		return errors.New("the password hash is that of an empty password")
	}
	set.verified[line] = e.known
	class := e.hash.class()
	set.byName[c.Username] = append(set.byName[c.Username], e)
	set.classes[class] = append(set.classes[class], e)
	sameClass := 0
	for _, other := range set.byName[c.Username] {
		if other.hash.class() == class {
			sameClass++
		}
	}
	set.quota[class] = max(set.quota[class], sameClass)
	return nil
}

// find returns the entry with this digest, or nil. It compares all entries, so
// that its duration reveals nothing.
func (set *credentialSet) find(d *digest) *entry {
	found := -1
	for i, e := range set.entries {
		if known := e.known.Load(); known != nil {
			found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(d[:], known[:]), i, found)
		}
	}
	if found < 0 {
		return nil
	}
	return set.entries[found]
}

// verify checks a password against the hashes of a user name and stores the
// digest if one matches. A failing check verifies the same number of hashes of
// each cost for every user name, existing or not: verify fills up the quota with
// the hashes of other users and ignores their results.
func (set *credentialSet) verify(username, password []byte, d *digest) *entry {
	own := set.byName[string(username)]
	for class, quota := range set.quota {
		for _, e := range own {
			if e.hash.class() != class {
				continue
			}
			quota--
			if e.hash.verify(password) {
				known := *d
				e.known.Store(&known)
				return e
			}
		}
		for _, e := range set.classes[class] {
			if quota == 0 {
				break
			}
			if !slices.Contains(own, e) {
				quota--
				e.hash.verify(password)
			}
		}
		for ; quota > 0; quota-- {
			set.classes[class][0].hash.verify(password)
		}
	}
	return nil
}

func (set *credentialSet) scratch() *scratch {
	s, _ := set.pool.Get().(*scratch)
	return s
}

// release clears s and returns it to the pool.
func (set *credentialSet) release(s *scratch) {
	clear(s.encoded)
	clear(s.buffer)
	set.pool.Put(s)
}

// digest returns the digest of userpass. It is valid until the next use of s.
func (s *scratch) digest(userpass []byte) *digest {
	s.mac.Reset()
	s.mac.Write(userpass)
	s.mac.Sum(s.sum[:0])
	return &s.sum
}

// A credentialError says which credential is unacceptable, and why.
type credentialError struct {
	index    int
	username string
	reason   error
}

func (e *credentialError) Error() string {
	// A misplaced password may follow a colon.
	username, _, _ := strings.Cut(e.username, ":")
	return fmt.Sprintf("auth: credential %d (username %q): %v", e.index+1, username, e.reason)
}

func (e *credentialError) Unwrap() error { return e.reason }
