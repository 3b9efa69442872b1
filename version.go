package openbroker

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
)

// A Version is a version of the Open Service Broker API (spec.md, "API Version
// Header").
type Version struct{ Major, Minor int }

// ParseVersion parses MAJOR.MINOR in decimal digits, such as "2.17".
func ParseVersion(text string) (Version, error) {
	major, minor, found := strings.Cut(text, ".")
	if !found {
		return Version{}, errVersion
	}
	var v Version
	var err error
	if v.Major, err = versionNumber(major); err != nil {
		return Version{}, err
	}
	if v.Minor, err = versionNumber(minor); err != nil {
		return Version{}, err
	}
	return v, nil
}

var errVersion = errors.New(`must be MAJOR.MINOR, such as "2.17"`)

func versionNumber(digits string) (int, error) {
	if digits == "" || len(digits) > 6 || strings.Trim(digits, "0123456789") != "" {
		return 0, errVersion
	}
	return strconv.Atoi(digits)
}

// String returns MAJOR.MINOR.
func (v Version) String() string {
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor)
}

// Compare returns a negative number if v is older than other, 0 if they are
// equal and a positive number if v is newer.
func (v Version) Compare(other Version) int {
	return cmp.Or(cmp.Compare(v.Major, other.Major), cmp.Compare(v.Minor, other.Minor))
}
