package exit

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// Report writes the message for a failure: one line, or the list of problems of a
// configuration file or a catalog.
func Report(stderr output.Messages, err error) {
	var problems config.Errors
	var findings catalog.Errors
	switch {
	case errors.As(err, &problems):
		stderr.Lines(problems.Error())
	case errors.As(err, &findings):
		stderr.Lines(findings.Error())
	default:
		stderr.Complain("%s", WithoutPackages(OneLine(err))+keysetHint(err))
	}
}

// packages matches names of packages in front of an error. They mean nothing to the
// user of a command.
var packages = regexp.MustCompile(`(^|: |; )(?:archive|auth|durable|pgstore|provider|router|seal|server|simulator|sqlitestore|storetest): `)

// WithoutPackages removes the names of packages from a message.
func WithoutPackages(text string) string {
	for packages.MatchString(text) { // One match ends where the next begins.
		text = packages.ReplaceAllString(text, "$1")
	}
	return text
}

// keysetHint names the command that helps with an error about a key.
func keysetHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "keyset file"):
		return "; openbroker serve creates one for a new store; --keyset and encryption.keyset_file name another"
	case errors.Is(err, seal.ErrKeyStatus), errors.Is(err, seal.ErrUnknownKey):
		return "; openbroker keyset list shows the keys; openbroker keyset enable and promote change their status"
	case errors.Is(err, seal.ErrWrongKeyset), errors.Is(err, seal.ErrOpen):
		return "; openbroker keyset list --keyset FILE shows the keys of a keyset; openbroker keyset enable enables a disabled one"
	default:
		return ""
	}
}
