package semver_test

import (
	"testing"

	"github.com/openbroker/openbroker/internal/semver"
)

func TestValid(t *testing.T) {
	t.Parallel()
	for version, valid := range map[string]bool{
		"0.0.0": true, "2.1.1": true, "2.1.1+abcdef": true, "1.0.0-alpha.1": true, "1.0.0-0A.is.legal": true,
		"1.0.0-rc.1+build.001": true, "1.0.0--": true, "1.0.0+0.-": true, "10.20.99999999999999999999": true,
		"": false, "1": false, "1.0": false, "1.0+build": false, "v1.0.0": false, "01.0.0": false, "1.0.0-01": false, "1.0.0-": false,
		"1.0.0+": false, "1.0.0-a..b": false, "1.0.0+a..b": false, " 1.0.0": false, "1.0.0 ": false, "1.0.0\n": false, "1.0.0.0": false, "1.0.0-é": false,
	} {
		if semver.Valid(version) != valid {
			t.Errorf("%q: want %v", version, valid)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b  string
		order int
		ok    bool
	}{
		{"1.9.0", "1.10.0", -1, true},
		{"1.0.0", "1.0.0-rc.1", 1, true},
		{"1.0.0+a", "1.0.0+b", 0, true},
		{"1.0", "1.0.0", 0, false},
		{"1.0.0", "new", 1, false},
	} {
		if order, ok := semver.Compare(c.a, c.b); order != c.order || ok != c.ok {
			t.Errorf("%q and %q: %d, %v", c.a, c.b, order, ok)
		}
	}
}
