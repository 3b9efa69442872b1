// Package markdown embeds untrusted texts in Markdown, so that they appear literally:
// they cannot add formatting, links or HTML. It does not render or parse Markdown.
package markdown

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Plain returns text without invisible characters: control characters, and characters
// that change the direction of writing, which could disguise the text. It replaces
// each run of white space with a single space.
func Plain(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, text)), " ")
}

// special escapes the characters with a meaning in a line of Markdown or in HTML. Those
// of HTML become entities, since not every renderer accepts a backslash before them.
var special = strings.NewReplacer(
	`&`, "&amp;", `<`, "&lt;", `>`, "&gt;",
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `|`, `\|`, `~`, `\~`, `$`, `\$`, `!`, `\!`,
	`://`, `:&#47;/`, `@`, "&#64;", `www.`, "www&#46;",
)

// Inline returns text for use in a line of Markdown.
func Inline(text string) string {
	escaped := special.Replace(Plain(text))
	if escaped == "" {
		return ""
	}
	// Escape the beginning of a heading, a list or a rule.
	first, rest := escaped[0], strings.TrimLeft(escaped, "0123456789")
	switch {
	case first == '#' || first == '=':
		return `\` + escaped
	case (first == '+' || first == '-') && (len(escaped) == 1 || escaped[1] == ' ' || escaped[1] == first):
		return `\` + escaped
	case rest != escaped && rest != "" && (rest[0] == '.' || rest[0] == ')') && (len(rest) == 1 || rest[1] == ' '):
		return escaped[:len(escaped)-len(rest)] + `\` + rest
	default:
		return escaped
	}
}

// Paragraphs returns a text of several paragraphs, which empty lines separate.
func Paragraphs(text string) string {
	var blocks []string
	for _, block := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if line := Inline(block); line != "" {
			blocks = append(blocks, line)
		}
	}
	return strings.Join(blocks, "\n\n")
}

// Cell returns a code span for a table, in which a bar needs a backslash even in code.
func Cell(text string) string { return strings.ReplaceAll(Code(text), "|", `\|`) }

// Code returns a code span.
func Code(text string) string {
	text = Plain(text)
	if text == "" {
		return `""`
	}
	quote := strings.Repeat("`", longest(text, '`')+1)
	pad := ""
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		pad = " "
	}
	return quote + pad + text + pad + quote
}

// Fence returns a fenced code block.
func Fence(language, text string) string {
	quote := strings.Repeat("`", max(longest(text, '`')+1, len("```")))
	return quote + language + "\n" + text + "\n" + quote
}

// longest returns the length of the longest run of a character.
func longest(text string, repeated rune) int {
	most, n := 0, 0
	for _, r := range text {
		if r != repeated {
			n = 0
			continue
		}
		n++
		most = max(most, n)
	}
	return most
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:-]+$`)

// Link returns a link to a web page, without the credentials in its URL. It returns a
// code span for any other target.
func Link(target string) string {
	if target == "" {
		return ""
	}
	u, err := url.Parse(Plain(target))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !plainHost.MatchString(u.Host) {
		return Code(target)
	}
	u.User = nil
	var address strings.Builder
	for _, b := range []byte(u.String()) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte("<>()[]|\\`\"'*~!${}^", b) >= 0 {
			const hex = "0123456789ABCDEF"
			address.WriteString("%" + string(hex[b>>4]) + string(hex[b&15]))
			continue
		}
		address.WriteByte(b)
	}
	return "<" + address.String() + ">"
}

// Shell returns a word quoted for a POSIX shell.
func Shell(word string) string {
	plain := func(r rune) bool {
		return r == '-' || r == '.' || r == '_' || r == '/' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if word != "" && word[0] != '-' && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
