// Package semver compares versions as the specification means them: Semantic
// Versioning 2.0.0 without a v in front (spec.md, "Maintenance Info Object").
package semver

import "golang.org/x/mod/semver"

// Valid reports whether a version is one, with all three numbers.
func Valid(version string) bool {
	version = "v" + version
	// The library takes v1 for v1.0.0, which the canonical form shows.
	return semver.IsValid(version) && semver.Canonical(version)+semver.Build(version) == version
}

// Compare orders two versions, as strings.Compare does, and tells whether both
// are valid.
func Compare(a, b string) (order int, ok bool) {
	return semver.Compare("v"+a, "v"+b), Valid(a) && Valid(b)
}
