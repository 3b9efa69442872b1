package catalog

import versions "golang.org/x/mod/semver"

// compareVersions orders two versions (semver.org, 2.0.0), and tells whether both
// are some.
func compareVersions(a, b string) (order int, ok bool) {
	a, b = "v"+a, "v"+b
	return versions.Compare(a, b), versions.IsValid(a) && versions.IsValid(b)
}
