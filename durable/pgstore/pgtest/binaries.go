//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var errNoBinaries = errors.New("pgtest: PostgreSQL's server binaries (initdb, postgres; version 13 or newer) are not installed; " +
	"looked in PATH and in /usr/lib/postgresql/*/bin. `make test` installs them, or: sudo apt-get install postgresql")

// binariesVariable names the environment variable with the directory of initdb and
// postgres, to run tests against another version.
const binariesVariable = "PGTEST_BINARIES"

// findBinaries returns the directory of initdb and postgres: that of the environment,
// that of PATH, or the newest installed one.
func findBinaries() (string, error) {
	if directory := os.Getenv(binariesVariable); directory != "" {
		return directory, nil
	}
	var candidates []string
	for _, name := range []string{"postgres", "initdb"} {
		// Debian links only some programs into a directory of PATH.
		if path, err := exec.LookPath(name); err == nil {
			if resolved, err := filepath.EvalSymlinks(path); err == nil {
				path = resolved
			}
			candidates = append(candidates, filepath.Dir(path))
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/pgsql/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		slices.SortFunc(found, func(a, b string) int { return versionIn(b) - versionIn(a) })
		candidates = append(candidates, found...)
	}
	for _, directory := range candidates {
		if isFile(filepath.Join(directory, "initdb")) && isFile(filepath.Join(directory, "postgres")) {
			return directory, nil
		}
	}
	return "", errNoBinaries
}

// versionIn returns the number in a path such as /usr/lib/postgresql/15/bin.
func versionIn(path string) int {
	version, err := strconv.Atoi(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, path))
	if err != nil {
		return 0
	}
	return version
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
