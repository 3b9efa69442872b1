// Package semver validates and compares versions of maintenance_info: Semantic
// Versioning 2.0.0 without a leading v (spec.md, "Maintenance Info Object").
package semver

import "golang.org/x/mod/semver"

// Valid reports whether a version is valid. It must have all three numbers.
func Valid(version string) bool {
	version = "v" + version
	// The library accepts v1 as v1.0.0, whose canonical form differs.
	return semver.IsValid(version) && semver.Canonical(version)+semver.Build(version) == version
}

// Compare returns the order of two versions, like strings.Compare, and whether both
// are valid.
func Compare(a, b string) (order int, ok bool) {
	return semver.Compare("v"+a, "v"+b), Valid(a) && Valid(b)
}
