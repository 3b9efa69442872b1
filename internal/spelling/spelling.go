// Package spelling finds the known name that a misspelled name means. It does not
// produce messages.
package spelling

import "strings"

// Nearest returns the known name that name probably misspells, or "".
func Nearest(name string, known []string) string {
	best, distance := "", far
	for _, k := range known {
		if d := Distance(name, k); d < distance {
			best, distance = k, d
		}
	}
	if !Close(name, distance) {
		return ""
	}
	return best
}

// Close reports whether a name at this distance from another is probably a misspelling
// of it. A name that differs in more than a third of its characters is not.
func Close(name string, distance int) bool { return distance <= 2 && distance*3 <= len(name) }

// plain returns a name without case, hyphens, underscores and dots.
func plain(name string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(name))
}

const far = 4

// Distance returns how many insertions, deletions, replacements and swaps of adjacent
// characters turn a into b. It returns 4 for more than 3. It ignores case, hyphens,
// underscores and dots.
func Distance(a, b string) int {
	a, b = plain(a), plain(b)
	if len(a)-len(b) >= far || len(b)-len(a) >= far {
		return far
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], far)
}
