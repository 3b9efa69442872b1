package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCredentials bounds the credentials that one check compares.
const maxCredentials = 1000

// A Credential is a user name with a password or the hash of a password. Printed
// and logged, it shows neither password nor hash.
type Credential struct {
	// Username must not be empty or contain a colon (RFC 7617, section 2).
	Username string
	// Password is the password in plain text. Set it or PasswordHash.
	Password string
	// PasswordHash is a bcrypt hash ($2a$, $2b$ or $2y$, cost at most 15), as
	// `htpasswd -nB` prints it, or an argon2id hash in the PHC string format
	// ($argon2id$v=19$m=...,t=...,p=...$salt$hash) with at most 256 MiB, 16
	// passes and 64 lanes.
	PasswordHash string
	// Platform is the platform that the credential belongs to. If empty, the
	// path prefix selects the platform (see [openbroker.WithPlatformPrefix]).
	// Without a prefix, it is [openbroker.DefaultPlatform].
	Platform string
}

// Format writes the user name and the platform for every verb.
func (c Credential) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "{username: %q, platform: %q, password: [redacted]}", c.Username, c.Platform)
}

// LogValue returns the user name and the platform.
func (c Credential) LogValue() slog.Value {
	return slog.GroupValue(slog.String("username", c.Username), slog.String("platform", c.Platform))
}

// validate returns an error if c is invalid. The error does not contain the
// password. validate does not parse PasswordHash.
func (c Credential) validate() error {
	switch {
	case c.Username == "":
		return errors.New("the username is empty")
	case strings.Contains(c.Username, ":"):
		return errors.New("the username contains a colon, which basic authentication cannot carry")
	case !printable(c.Username):
		return errors.New("the username contains a control character or is not UTF-8")
	case !printable(c.Platform):
		return errors.New("the platform contains a control character or is not UTF-8")
	case c.Password == "" && c.PasswordHash == "":
		return errors.New("the password is empty: set a password or a password hash")
	case c.Password != "" && c.PasswordHash != "":
		return errors.New("both a password and a password hash are set: set only one of them")
	case !printable(c.Password):
		return errors.New("the password contains a control character or is not UTF-8: remove a line break at its end")
	case len(c.Username)+len(c.Password) > maxHeaderSize/2:
		return fmt.Errorf("username and password together are longer than %d bytes", maxHeaderSize/2)
	}
	return nil
}

// printable reports whether s can be a user name or password: UTF-8 without
// control characters (RFC 7617, section 2).
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}
