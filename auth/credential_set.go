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

// A digest stands for a user name with a password: their HMAC-SHA-256 under a
// key of the set.
type digest [sha256.Size]byte

// An entry is a credential that is ready to be compared.
type entry struct {
	principal openbroker.Principal
	// known is the digest of the right password: set from the start if it was
	// given in plain text, after the first verification if it was a hash. The
	// entries of equal credentials in successive sets share it.
	known *atomic.Pointer[digest]
	hash  passwordHash // nil if the password was given in plain text
}

// A credentialSet is what Basic checks against until it is replaced.
type credentialSet struct {
	entries []*entry
	byName  map[string][]*entry // those with a hash
	// classes has the entries with a hash by what they cost; quota says how
	// many of a class any failing check verifies, and rounds their sum.
	classes map[string][]*entry
	quota   map[string]int
	rounds  int
	// verified has what is known about hashes, by the digest of the user name with
	// the hash.
	verified map[digest]*atomic.Pointer[digest]
	refused  refused
	pool     sync.Pool
	// source is the digest of the file that the set comes from, or nil.
	source *digest
	key    []byte
}

// scratch is what one check works with.
type scratch struct {
	mac     hash.Hash
	sum     digest
	encoded []byte
	buffer  []byte
}

// newCredentialSet returns the set that replaces previous, which may be nil.
func newCredentialSet(credentials []Credential, key []byte, previous *credentialSet) (*credentialSet, error) {
	if len(credentials) == 0 {
		return nil, errors.New("auth: there is no credential: give at least one, or use None to let everyone in")
	}
	if len(credentials) > maxCredentials {
		return nil, fmt.Errorf("auth: there are %d credentials: at most %d are accepted", len(credentials), maxCredentials)
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
	// No password has a NUL.
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

// find returns the entry with this digest, or nil. It compares all of them, so
// that its time tells nothing.
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

// verify checks a password against the hashes of a user name, and remembers the
// digest if one matches. If none does, it has verified as many hashes of each
// cost as for any other user name, existing or not, by adding those of others
// without regard to the result.
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

// release gives s back without what was in it.
func (set *credentialSet) release(s *scratch) {
	clear(s.encoded)
	clear(s.buffer)
	set.pool.Put(s)
}

// digest is valid until the next use of s.
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
	// Behind a colon there may be a password in the wrong place.
	username, _, _ := strings.Cut(e.username, ":")
	return fmt.Sprintf("auth: credential %d (username %q): %v", e.index+1, username, e.reason)
}

func (e *credentialError) Unwrap() error { return e.reason }
