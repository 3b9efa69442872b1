package servicetest

import (
	"slices"
	"strings"
)

// difference lists the lines that only one of two dumps has, or returns "".
func difference(before, after []string) string {
	var d strings.Builder
	for _, line := range before {
		if !slices.Contains(after, line) {
			d.WriteString("- " + line + "\n")
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			d.WriteString("+ " + line + "\n")
		}
	}
	return d.String()
}
