package mysql

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // The format of mysql_native_password; passwords have 230 random bits.
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// nativeHash returns what mysql_native_password stores: the hash of the hash.
func nativeHash(password string) string {
	once := sha1.Sum([]byte(password)) //nolint:gosec // As above.
	twice := sha1.Sum(once[:])         //nolint:gosec // As above.
	return "*" + strings.ToUpper(hex.EncodeToString(twice[:]))
}

const (
	// cachingSHA2Rounds is the number of rounds of caching_sha2_password, which it stores
	// in thousands, in hexadecimal.
	cachingSHA2Rounds = 5000
	// saltLength is the length of its salts.
	saltLength = 20
)

// newSalt returns a random salt of letters and digits, which need no escaping.
func newSalt() string { return rand.Text()[:saltLength] }

// cachingSHA2Hash returns what caching_sha2_password stores: its rounds, the salt, and
// the hash of SHA-crypt. SHA-crypt itself allows salts of 16 characters; MySQL uses 20.
func cachingSHA2Hash(password, salt string) string {
	return "$A$005$" + salt + shaCrypt([]byte(password), []byte(salt), cachingSHA2Rounds)
}

// shaCrypt computes the hash of "Unix crypt using SHA-256" by Ulrich Drepper, version
// 0.6, without its prefix. The numbers of steps in comments are those of that document.
func shaCrypt(password, salt []byte, rounds int) string {
	// Steps 4 to 8.
	b := sum(password, salt, password)
	// Steps 1 to 3 and 9 to 12.
	a := append(append([]byte{}, password...), salt...)
	a = append(a, repeat(b, len(password))...)
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			a = append(a, b...)
		} else {
			a = append(a, password...)
		}
	}
	digest := sum(a)
	// Steps 13 to 16.
	var dp []byte
	for range password {
		dp = append(dp, password...)
	}
	p := repeat(sum(dp), len(password))
	// Steps 17 to 20.
	var ds []byte
	for range 16 + int(digest[0]) {
		ds = append(ds, salt...)
	}
	s := repeat(sum(ds), len(salt))
	// Step 21.
	for round := range rounds {
		var c []byte
		if round%2 != 0 {
			c = append(c, p...)
		} else {
			c = append(c, digest...)
		}
		if round%3 != 0 {
			c = append(c, s...)
		}
		if round%7 != 0 {
			c = append(c, p...)
		}
		if round%2 != 0 {
			c = append(c, digest...)
		} else {
			c = append(c, p...)
		}
		digest = sum(c)
	}
	return encodeCrypt(digest)
}

func sum(parts ...[]byte) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// repeat returns n bytes of a digest, which it repeats as needed.
func repeat(digest []byte, n int) []byte {
	out := make([]byte, 0, n+len(digest))
	for len(out) < n {
		out = append(out, digest...)
	}
	return out[:n]
}

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// encodeCrypt encodes a digest as step 22 says: groups of three bytes in an order of
// their own, each as four characters of six bits, the lowest first.
func encodeCrypt(digest []byte) string {
	out := make([]byte, 0, 43)
	put := func(value uint32, characters int) {
		for range characters {
			out = append(out, cryptAlphabet[value&63])
			value >>= 6
		}
	}
	high, middle, low := 0, 10, 20
	for range 10 {
		put(uint32(digest[high])<<16|uint32(digest[middle])<<8|uint32(digest[low]), 4)
		high, middle, low = low+1, high+1, middle+1
	}
	put(uint32(digest[31])<<8|uint32(digest[30]), 3)
	return string(out)
}
