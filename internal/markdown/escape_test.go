package markdown_test

import (
	"testing"

	"github.com/openbroker/openbroker/internal/markdown"
)

func TestEscapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		escape    func(string) string
		text, out string
	}{
		{"inline", markdown.Inline, "a *b* _c_ `d` [e](f) <g> & h|i", "a \\*b\\* \\_c\\_ \\`d\\` \\[e\\](f) &lt;g&gt; &amp; h\\|i"},
		{"inline", markdown.Inline, " a\n\tb\x00\u202ec ", "a bc"},
		{"inline", markdown.Inline, "# a", `\# a`},
		{"inline", markdown.Inline, "12. a", `12\. a`},
		{"inline", markdown.Inline, "1.5 EUR", "1.5 EUR"},
		{"inline", markdown.Inline, "- a", `\- a`},
		{"inline", markdown.Inline, "-1", "-1"},
		{"inline", markdown.Inline, "https://a.example", "https:&#47;/a.example"},
		{"inline", markdown.Inline, "", ""},
		{"paragraphs", markdown.Paragraphs, "a\nb\r\n\r\n\n\nc\n\n", "a b\n\nc"},
		{"code", markdown.Code, "a`b|c", "``a`b|c``"},
		{"code", markdown.Code, "`", "`` ` ``"},
		{"code", markdown.Code, "", `""`},
		{"cell", markdown.Cell, "a|b", "`a\\|b`"},
		{"link", markdown.Link, "https://u:p@example.com/a b?c=d&e#f", "<https://example.com/a%20b?c=d&e#f>"},
		{"link", markdown.Link, "HTTPS://example.com/<", "<https://example.com/%3C>"},
		{"link", markdown.Link, "javascript:alert(1)", "`javascript:alert(1)`"},
		{"link", markdown.Link, "https://[::1]/", "`https://[::1]/`"},
		{"link", markdown.Link, "//example.com", "`//example.com`"},
		{"link", markdown.Link, "", ""},
		{"shell", markdown.Shell, "my-db_1.x/y", "my-db_1.x/y"},
		{"shell", markdown.Shell, "it's $(x)", `'it'\''s $(x)'`},
		{"shell", markdown.Shell, "-x", "'-x'"},
		{"shell", markdown.Shell, "", "''"},
		{"fence", func(text string) string { return markdown.Fence("sh", text) }, "a\n```\nb", "````sh\na\n```\nb\n````"},
	} {
		if got := c.escape(c.text); got != c.out {
			t.Errorf("%s of %q: got %q, want %q", c.name, c.text, got, c.out)
		}
	}
}
