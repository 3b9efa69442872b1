package platform

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable replaces what could drive a terminal: control characters, among them
// ESC, CR and C1, and characters that change the direction of a text. A broker's
// texts are shown only through it.
func printable(text string) string {
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

// drives reports whether a terminal may take r for a command.
func drives(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c || r == 0x2028 || r == 0x2029
}

// checkName refuses names that no list could show.
func checkName(of, name string) error {
	if strings.TrimSpace(name) == "" {
		return usage("the name of the %s is empty", of)
	}
	if strings.ContainsFunc(name, drives) || !utf8.ValidString(name) {
		return usage("the name of the %s has a character that cannot be shown: %q", of, name)
	}
	return nil
}

// escapeJSON escapes the same characters in JSON, where all but the ones that
// encoding/json escapes itself are allowed.
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
