// Package excerpt adds the affected line of a file to a message. It does not read
// files.
package excerpt

import (
	"fmt"
	"strings"
	"unicode"
)

// Show returns the message, followed by the line with a caret under the column.
// Lines and columns count from 1. Show omits an empty line.
func Show(message, line string, number, column int) string {
	if line == "" {
		return message
	}
	label := fmt.Sprintf("%5d", number)
	return fmt.Sprintf("%s\n%s | %s\n%s | %s^", message, label, line, strings.Repeat(" ", len(label)), strings.Repeat(" ", column-1))
}

// Printable replaces characters that would shift the column, move the cursor or
// reorder the text by a space.
func Printable(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, line)
}

// Window returns a part of a line with at most width characters around a column,
// and the column within this part.
func Window(line []rune, column, width int) (part string, at int) {
	if len(line) <= width {
		return string(line), column
	}
	start := min(max(column-1-width/2, 0), len(line)-width)
	return string(line[start : start+width]), column - start
}

// Brief returns text in a form for messages: printable and shortened to 60
// characters.
func Brief(text string) string {
	const limit = 60
	runes := []rune(Printable(text))
	if len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return string(runes)
}
