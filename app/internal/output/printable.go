package output

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable replaces what could drive a terminal: control characters, among them
// ESC, CR and C1, and characters that change the direction of a text. Texts of a
// broker reach a terminal only through it.
func Printable(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
			out.WriteByte(' ')
		case drives(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// drives reports whether a terminal may interpret r instead of showing it.
func drives(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c || r == 0x2028 || r == 0x2029
}

// IsPrintable reports whether a text is valid UTF-8 that a terminal shows unchanged, in
// one line.
func IsPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, drives)
}

// Cell returns a text for a list. It quotes what may confuse a terminal or hide, so
// that an id can be read exactly.
func Cell(text string) string {
	if text == "" {
		return "-"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// escapeJSON escapes the same characters in JSON. The encoder leaves most of them,
// because JSON allows them.
func escapeJSON(encoded []byte) []byte {
	text := string(encoded)
	if !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && drives(r) }) {
		return encoded
	}
	var out strings.Builder
	for _, r := range text {
		if r != '\n' && drives(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return []byte(out.String())
}
