package conformance

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible escapes a text of the broker for one line of output. Characters that
// are not printable, and could move the cursor of a terminal or reverse text,
// become escapes such as \x1b.
func visible(text string) string { return escapeText(text, false) }

// visibleLines escapes a text of several lines.
func visibleLines(text string) string { return escapeText(text, true) }

func escapeText(text string, lines bool) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !printable(r, lines) }) {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case lines && r == '\r' && strings.HasPrefix(text, "\r\n"):
			// Some brokers end lines with \r\n.
		case printable(r, lines):
			out.WriteRune(r)
		case r < 0x80:
			out.WriteString(escapeASCII(r))
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
		text = text[size:]
	}
	return out.String()
}

func escapeASCII(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	default:
		return fmt.Sprintf(`\x%02x`, r)
	}
}

// printable reports whether a character needs no escape. U+FFFD does, as it
// also stands for invalid bytes.
func printable(r rune, lines bool) bool {
	return r != utf8.RuneError && (unicode.IsPrint(r) || lines && (r == '\n' || r == '\t'))
}
