package management

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// SHA256 is the server's name for the algorithm of HashPassword.
const SHA256 = "rabbit_password_hashing_sha256"

// saltLength is the number of bytes of a salt.
const saltLength = 4

// HashPassword returns a password as the server stores it, with a new salt: so the
// password itself is in no request.
func HashPassword(password string) string {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // It never fails.
	sum := sha256.Sum256(append(salt[:saltLength:saltLength], password...))
	return base64.StdEncoding.EncodeToString(append(salt, sum[:]...))
}
