// Package excerpt shows the line of a file that a message is about.
package excerpt

import (
	"fmt"
	"strings"
	"unicode"
)

// Show returns the message, and below it the line with a caret under the
// column. Lines and columns count from 1. An empty line is not shown.
func Show(message, line string, number, column int) string {
	if line == "" {
		return message
	}
	label := fmt.Sprintf("%5d", number)
	return fmt.Sprintf("%s\n%s | %s\n%s | %s^", message, label, line, strings.Repeat(" ", len(label)), strings.Repeat(" ", column-1))
}

// Printable replaces what would move the column or the cursor, or would show
// the text after it in another order.
func Printable(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, line)
}

// Window returns the part of a line around a column that has at most width
// characters, and the column in it.
func Window(line []rune, column, width int) (part string, at int) {
	if len(line) <= width {
		return string(line), column
	}
	start := min(max(column-1-width/2, 0), len(line)-width)
	return string(line[start : start+width]), column - start
}

// Brief returns text of a file for use in a message: printable, and at most 60
// characters long.
func Brief(text string) string {
	const limit = 60
	runes := []rune(Printable(text))
	if len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return string(runes)
}
