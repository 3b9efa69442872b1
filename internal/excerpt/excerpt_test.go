package excerpt_test

import (
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/excerpt"
)

func TestShow(t *testing.T) {
	t.Parallel()
	if got := excerpt.Show("f:12:3: no", "a: é", 12, 3); got != "f:12:3: no\n   12 | a: é\n      |   ^" {
		t.Errorf("got\n%s", got)
	}
	if got := excerpt.Show("f:12:3: no", "", 12, 3); got != "f:12:3: no" {
		t.Errorf("got %q", got)
	}
	if got := excerpt.Printable("a\tb\x1b[31m\x7fé\u009b1m\u202ef\u2028"); got != "a b [31m é 1m f " {
		t.Errorf("got %q", got)
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("é", 50) + "x" + strings.Repeat("y", 50)
	for _, c := range []struct {
		column, width, at int
		part              string
	}{
		{51, 200, 51, line},
		{51, 4, 3, "ééxy"},
		{1, 4, 1, "éééé"},
		{101, 4, 4, "yyyy"},
		{102, 4, 5, "yyyy"},
	} {
		if part, at := excerpt.Window([]rune(line), c.column, c.width); part != c.part || at != c.at {
			t.Errorf("column %d: %q, %d", c.column, part, at)
		}
	}
}
