package credential

import "crypto/rand"

// passwordLength is the number of characters of a password: 40 characters out of 62 are
// more than 230 bits.
const passwordLength = 40

const (
	letters       = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alphanumerics = letters + "0123456789"
)

// Password returns a new random password of 40 letters and digits that begins with a
// letter. So it needs no escaping in a URI, a shell, a properties file or SQL, and YAML
// does not take it for a number.
func Password() string {
	password := make([]byte, 0, passwordLength)
	random := make([]byte, 2*passwordLength)
	for len(password) < passwordLength {
		_, _ = rand.Read(random) // It never fails.
		for _, b := range random {
			allowed := alphanumerics
			if len(password) == 0 {
				allowed = letters
			}
			// The remainder of all 256 values would prefer some characters.
			if limit := 256 - 256%len(allowed); int(b) < limit && len(password) < passwordLength {
				password = append(password, allowed[int(b)%len(allowed)])
			}
		}
	}
	return string(password)
}
