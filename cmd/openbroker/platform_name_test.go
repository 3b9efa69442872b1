package main_test

import (
	"slices"
	"strings"
	"testing"
)

// Each flag that takes the name of a platform takes cf for cloudfoundry, and writes the
// latter.
func TestShortNameOfCloudFoundry(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, directory, "broken.yaml", brokenCatalog)
	write(t, directory, "full.yaml", "- {id: cloudfoundry-fetch, reason: r, until: 2026-12-31}\n- {id: cloudfoundry-fetch, reason: r, until: 2026-12-31}\n")
	write(t, directory, "short.yaml", "- {id: cf-fetch, reason: r, until: 2026-12-31}\n- {id: cloudfoundry-fetch, reason: r, until: 2026-12-31}\n")
	short := strings.NewReplacer("cloudfoundry", "cf", "full.yaml", "short.yaml")
	for _, full := range [][]string{
		{"lint", "--platform", "cloudfoundry", "broken.yaml"},
		{"lint", "--platform", "korifi,cloudfoundry", "-o", "json", "broken.yaml"},
		{"lint", "--platform", "cloudfoundry", "-o", "sarif", "broken.yaml"},
		{"lint", "--platform", "cloudfoundry", "--rules"},
		{"lint", "--disable", "cloudfoundry-dashboard-client-redirect-uri-missing", "broken.yaml"},
		{"check", "--list", "--profile", "cloudfoundry"},
		{"check", "--list", "--profile", "cloudfoundry", "--only", "cloudfoundry-*", "--skip", "cloudfoundry-fetch", "-o", "json"},
		{"check", "--waive", "full.yaml", "http://127.0.0.1:1"},
	} {
		args := make([]string, len(full))
		for i := range full {
			args[i] = short.Replace(full[i])
		}
		code, stdout, stderr := command(t, directory, nil, full...)
		shortCode, shortOut, shortErr := command(t, directory, nil, args...)
		shortErr = strings.ReplaceAll(shortErr, "short.yaml", "full.yaml")
		if shortCode != code || shortOut != stdout || shortErr != stderr || slices.Equal(full, args) {
			t.Errorf("%q: exit code %d\n%s%s\n%q: exit code %d\n%s%s", full, code, stdout, stderr, args, shortCode, shortOut, shortErr)
		}
		if code > 1 && !strings.Contains(stderr, "cloudfoundry-fetch") {
			t.Errorf("%q: exit code %d, %s", full, code, stderr)
		}
	}
}
