package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

const (
	// scramIterations is the number that PostgreSQL itself uses. The passwords are
	// random, so that more would only slow logins down.
	scramIterations = 4096
	scramSaltLength = 16
)

// verifier returns the SCRAM-SHA-256 verifier of a password, as PostgreSQL stores it
// (RFC 5803). The server takes it in place of the password, which therefore is in no
// statement. The password must be ASCII: others need SASLprep.
func verifier(password string) (string, error) {
	salt := make([]byte, scramSaltLength)
	_, _ = rand.Read(salt) // It never fails.
	return verifierWith(password, salt, scramIterations)
}

func verifierWith(password string, salt []byte, iterations int) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	stored := sha256.Sum256(sign(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(stored[:]), encode(sign(salted, "Server Key"))), nil
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
