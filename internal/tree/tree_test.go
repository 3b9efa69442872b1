package tree_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/tree"
)

// describe formats a tree with the places of its values and, before them, of their
// names.
func describe(n *tree.Node) string {
	var b strings.Builder
	at := func(p tree.Place) string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }
	switch n.Kind {
	case tree.Object:
		for _, m := range n.Members {
			fmt.Fprintf(&b, " %s=%s@%s", m.Name, describe(m.Value), at(m.Place))
		}
		return "{" + strings.TrimSpace(b.String()) + "}@" + at(n.Place)
	case tree.Array:
		for _, e := range n.Elements {
			b.WriteString(" " + describe(e))
		}
		return "[" + strings.TrimSpace(b.String()) + "]@" + at(n.Place)
	default:
		return n.Text + "@" + at(n.Place)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, tree, json string }{
		{"a.json", ` {"a": [1, "é", true],` + "\n" + `  "é": {"b": null}, "": -0.10E+5}`, `{a=[1@1:9 é@1:12 true@1:17]@1:8@1:3 é={b=@2:14@2:9}@2:8@2:3 =-0.10E+5@2:25@2:21}@1:2`, `{"a":[1,"é",true],"é":{"b":null},"":-0.10E+5}`},
		{"a.JSON", "\ufeff\"\\u00e9\\/\"\n", "é/@1:1", `"\u00e9\/"`},
		{"a.json", "[]", "[]@1:1", "[]"},
		{"a.json", `{"a":1,"a":2}`, `{a=1@1:6@1:2 a=2@1:12@1:8}@1:1`, `{"a":1}`},
		{"a.yaml", "a:\n  - 1\n  - {b: é, c: \"d\"}\n1: ~\ne:\n", `{a=[1@2:5 {b=é@3:9@3:6 c=d@3:15@3:12}@3:5]@2:3@1:1 1=@4:4@4:1 e=@5:3@5:1}@1:1`, `{"a":[1,{"b":"é","c":"d"}],"1":null,"e":null}`},
		{"a.yaml", "---\n- TRUE\n- yes\n- 1.10\n- 2026-11-24\n- +1\n- 1e400\n- '1'\n- |\n  a\n  b\n- \"\\n<\"\n", "[true@2:3 yes@3:3 1.10@4:3 2026-11-24@5:3 1@6:3 1e400@7:3 1@8:3 a\nb\n@9:3 \n<@12:3]@2:1", `[true,"yes",1.10,"2026-11-24",1,1e400,"1","a\nb\n","\n<"]`},
		{"a.yaml", "a: 1\r\nb: \"\\L\"\r\n", "{a=1@1:4@1:1 b=\u2028@2:4@2:1}@1:1", `{"a":1,"b":"\u2028"}`},
		{"a.json", "[\"x\u2028\",\r\"y\u0085\"]", "[x\u2028@1:2 y\u0085@1:8]@1:1", "[\"x\u2028\",\"y\u0085\"]"},
		{"a.yaml", "---\na: 1\n---\n", "{a=1@2:4@2:1}@2:1", `{"a":1}`},
		{"a.yaml", "---\n---\na: 1\n", "{a=1@3:4@3:1}@3:1", `{"a":1}`},
		{"a.yaml", "---\n...\n", "@2:1", "null"},
	} {
		n, err := tree.Parse(c.name, []byte(c.data))
		if err != nil {
			t.Errorf("%q: %v", c.data, err)
			continue
		}
		if got := describe(n); got != c.tree {
			t.Errorf("%q: got\n%s\nwant\n%s", c.data, got, c.tree)
		}
		if got := string(n.JSON()); got != c.json {
			t.Errorf("%q: got %s, want %s", c.data, got, c.json)
		}
	}
}

const strange = `has a line break that is neither LF nor CR LF: in a text, write it as \r, \N, \L or \P between double quotes`

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, want string }{
		{"a.json", "", "1:1 is empty"},
		{"a.yaml", " \n", "1:1 is empty"},
		{"a.yaml", "# nothing\n", "1:1 is empty"},
		{"a.json", "{\"a\": 1}\n{}", "2:1 is not valid JSON: invalid character '{' after top-level value"},
		{"a.json", "{\"é\": tru}", "1:10 is not valid JSON: invalid character '}' in literal true (expecting 'e')"},
		{"a.json", "{\"a\": ", "1:7 is not valid JSON: unexpected end of JSON input"},
		{"a.json", "[1,\n 2,]", "2:4 is not valid JSON: invalid character ']' looking for beginning of value"},
		{"a.json", "[NaN]", "1:2 is not valid JSON: invalid character 'N' looking for beginning of value"},
		{"a.json", "\n\"\xff\"", "2:2 is not UTF-8: save it in that encoding"},
		{"a.yaml", "a: \xff", "1:4 is not UTF-8: save it in that encoding"},
		{"a.json", strings.Repeat("[", 300) + strings.Repeat("]", 300), "1:202 is nested more than 200 levels deep"},
		{"a.yaml", strings.Repeat("[", 300) + strings.Repeat("]", 300), "1:201 is nested more than 200 levels deep"},
		{"a.json", strings.Repeat("[", 20000) + strings.Repeat("]", 20000), "1:10001 is not valid JSON: invalid character '[' exceeded max depth"},
		{"a.json", "[" + strings.Repeat("0,", 1<<20) + "0]", "1:2097152 has more than 1048576 values"},
		{"a.yaml", "[" + strings.Repeat("0,", 1<<20) + "0]", "1:2097152 has more than 1048576 values"},
		{"a.json", strings.Repeat(" ", tree.MaxSize+1), "1:1 is larger than 32 MiB: check whether it is the right file"},
		{"a.yaml", "a: 1\n---\nb: 2\n", "3:1 has a second document: keep one of them"},
		{"a.yaml", "a: 1\nb: \"x\ny\n", "2:4 is not valid YAML: found unexpected end of stream"},
		{"a.yaml", "a: !x 1\n", "1:4 has a tag, which is not supported: remove it"},
		{"a.yaml", "a: !!binary aGk=\n", "1:4 has a tag, which is not supported: remove it"},
		{"a.yaml", "[a]: 1\n", "1:1 has a key that is not a plain name"},
		{"a.yaml", "~: 1\n", "1:1 has a key that is not a plain name"},
		{"a.yaml", "é: 1\nb: \r2\n", "2:4 " + strange},
		{"a.yaml", "a: 1\r", "1:5 " + strange},
		{"a.yaml", "a: '\u0085'\n", "1:5 " + strange},
		{"a.yaml", "# \u2028\n", "1:3 " + strange},
		{"a.yaml", "a: \u2029\n", "1:4 " + strange},
		{"a.yaml", "a: .inf\n", "1:4 has the number .inf, which JSON does not have: write it in decimal notation, or put it into quotes"},
		{"a.yaml", "a: 0x1F\n", "1:4 has the number 0x1F, which JSON does not have: write it in decimal notation, or put it into quotes"},
		{"a.yaml", "a: 010\n", "1:4 has the number 010, which JSON does not have: write it in decimal notation, or put it into quotes"},
		{"a.yaml", "a: [1\nb: 2\n", "2:2 is not valid YAML: did not find expected ',' or ']'"},
		{"a.yaml", "a: b: c\n", "1:5 is not valid YAML: mapping values are not allowed in this context"},
		{"a.yaml", "\ta: 1\n", "1:1 has a tab before its first word: indent with spaces"},
		{"a.yaml", "a:\n  b: 1\n\tc: 2\n", "3:1 has a tab before its first word: indent with spaces"},
		{"a.yaml", "a: 1\n\tb: 2\n", "2:1 has a tab before its first word: indent with spaces"},
		{"a.yaml", "a: 1\nb: @c\n", "2:4 is not valid YAML: found character that cannot start any token"},
	} {
		_, err := tree.Parse(c.name, []byte(c.data))
		var faults tree.Errors
		var found *tree.Error
		if !errors.As(err, &faults) || !errors.As(err, &found) || found != faults[0] || err.Error() != found.Message {
			t.Errorf("%.40q: %v", c.data, err)
			continue
		}
		if got := fmt.Sprintf("%d:%d %s", found.Line, found.Column, found.Message); got != c.want {
			t.Errorf("%.40q: got %s, want %s", c.data, got, c.want)
		}
	}
}
