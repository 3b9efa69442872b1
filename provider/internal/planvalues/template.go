package planvalues

import (
	"fmt"
	"regexp"
	"strings"
	"text/template/parse"
	"unicode/utf8"
)

// maxTemplate bounds the text of a template, in bytes.
const maxTemplate = 16 << 10

// A text is a text of a plan with templates in it.
type text struct {
	// name leads to it in the plan, such as credentials.set.user.
	name string
	root *parse.ListNode
}

// isTemplate reports whether a text has a template.
func isTemplate(s string) bool { return strings.Contains(s, "{{") }

// A fault is a mistake in a template, at a byte of it; -1 if that is unknown.
type fault struct {
	at      int
	message string
}

// parseText parses a text and checks it for a scope.
func parseText(name, source string, s *scope) (*text, []reference, []fault) {
	if len(source) > maxTemplate {
		return nil, nil, []fault{{-1, fmt.Sprintf("is larger than %d KiB", maxTemplate>>10)}}
	}
	tree := parse.New("")
	tree.Mode = parse.SkipFuncCheck // The checker says more.
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", trees); err != nil {
		return nil, nil, []fault{{-1, syntaxMessage(err)}}
	}
	for name := range trees {
		if name != "" {
			return nil, nil, []fault{{strings.Index(source, "{{"), "define and block do not exist here"}}
		}
	}
	c := checker{scope: s, atRoot: true}
	c.list(tree.Root)
	if len(c.faults) > 0 {
		return nil, nil, c.faults
	}
	return &text{name, tree.Root}, c.references, nil
}

var (
	// place is what package parse puts in front of its messages.
	place = regexp.MustCompile(`^template: :(\d+): `)
	// quotedText is a text of the template in a message, as it quotes them.
	quotedText = regexp.MustCompile("\"(\\\\\"|`)[^ ]*|<[^>]*>")
)

// syntaxMessage returns the message of a syntax error. It has no texts of the template: the
// lines with credentials may hold secrets.
func syntaxMessage(err error) string {
	message := err.Error()
	line := place.FindStringSubmatch(message)
	message = quotedText.ReplaceAllString(place.ReplaceAllString(message, ""), "a text")
	if line != nil && line[1] != "1" {
		message = "line " + line[1] + ": " + message
	}
	return message
}

// characters returns the number of characters in front of a byte of a text.
func characters(s string, at int) int {
	if at < 0 {
		return 0
	}
	return utf8.RuneCountInString(s[:min(at, len(s))])
}
