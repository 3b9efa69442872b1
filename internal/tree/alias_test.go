package tree_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/internal/tree"
)

// The value of an alias has the places of its anchor.
func TestAliases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, tree, json string }{
		"scalar":            {"a: &x 1\nb: *x\n", "{a=1@1:4@1:1 b=1@1:4@2:1}@1:1", `{"a":1,"b":1}`},
		"no value":          {"a: &x\nb: *x\n", "{a=@1:4@1:1 b=@1:4@2:1}@1:1", `{"a":null,"b":null}`},
		"mapping":           {"- &x {b: [1]}\n- *x\n", "[{b=[1@1:11]@1:10@1:7}@1:3 {b=[1@1:11]@1:10@1:7}@1:3]@1:1", `[{"b":[1]},{"b":[1]}]`},
		"key":               {"- &x b\n- *x : 1\n", "[b@1:3 {b=1@2:8@2:3}@2:3]@1:1", `["b",{"b":1}]`},
		"key with anchor":   {"&x a: 1\nb: *x\n", "{a=1@1:7@1:1 b=a@1:1@2:1}@1:1", `{"a":1,"b":"a"}`},
		"anchor twice":      {"- &x 1\n- &x 2\n- *x\n", "[1@1:3 2@2:3 2@2:3]@1:1", `[1,2,2]`},
		"merge":             {"- &x {a: 1, b: 2}\n- <<: *x\n  b: 3\n", "[{a=1@1:10@1:7 b=2@1:16@1:13}@1:3 {a=1@1:10@1:7 b=3@3:6@3:3}@2:3]@1:1", `[{"a":1,"b":2},{"a":1,"b":3}]`},
		"merge afterwards":  {"- &x {a: 1, b: 2}\n- b: 3\n  <<: *x\n", "[{a=1@1:10@1:7 b=2@1:16@1:13}@1:3 {b=3@2:6@2:3 a=1@1:10@1:7}@2:3]@1:1", `[{"a":1,"b":2},{"b":3,"a":1}]`},
		"merge of a list":   {"- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y, {c: 3}]\n", "[{a=1@1:10@1:7}@1:3 {a=2@2:10@2:7 b=2@2:16@2:13}@2:3 {a=1@1:10@1:7 b=2@2:16@2:13 c=3@3:20@3:17}@3:3]@1:1", `[{"a":1},{"a":2,"b":2},{"a":1,"b":2,"c":3}]`},
		"merge of a merge":  {"- &x {a: 1}\n- &y {<<: *x, b: 2}\n- {<<: *y}\n", "[{a=1@1:10@1:7}@1:3 {a=1@1:10@1:7 b=2@2:18@2:15}@2:3 {a=1@1:10@1:7 b=2@2:18@2:15}@3:3]@1:1", `[{"a":1},{"a":1,"b":2},{"a":1,"b":2}]`},
		"no merge key":      {"- &x {a: 1}\n- {\"<<\": *x}\n", "[{a=1@1:10@1:7}@1:3 {<<={a=1@1:10@1:7}@1:3@2:4}@2:3]@1:1", `[{"a":1},{"<<":{"a":1}}]`},
		"anchors in chains": {"a: &x [1]\nb: &y [*x]\nc: *y\n", "{a=[1@1:8]@1:4@1:1 b=[[1@1:8]@1:4]@2:4@2:1 c=[[1@1:8]@1:4]@2:4@3:1}@1:1", `{"a":[1],"b":[[1]],"c":[[1]]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := tree.Parse("a.yaml", []byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(n); got != c.tree {
				t.Errorf("got\n%s\nwant\n%s", got, c.tree)
			}
			if got := string(n.JSON()); got != c.json || !json.Valid([]byte(got)) {
				t.Errorf("got %s, want %s", got, c.json)
			}
		})
	}
}

// laughs returns a small document that expands to many values, or to much text
// ("billion laughs").
func laughs(first string, times, levels int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a0: &a0 [%s]\n", first)
	for i := range levels {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), times), ","))
	}
	return b.String()
}

func TestAliasErrors(t *testing.T) {
	t.Parallel()
	const (
		undefined = "has an alias whose anchor is not defined above it: write &NAME in front of the value to repeat, or put quotes around a text that begins with *"
		itself    = "has an alias of a value that contains it: remove the alias"
		merged    = "is merged by <<, but is not a mapping: merge an alias of a mapping, or a list of such aliases"
	)
	var nested strings.Builder
	nested.WriteString("- &a0 []\n")
	for i := range 300 {
		fmt.Fprintf(&nested, "- &a%d [*a%d]\n", i+1, i)
	}
	deep := nested.String()
	for name, c := range map[string]struct {
		data string
		want []string
	}{
		"undefined":                 {"a: *hunter2\n", []string{"1:4 " + undefined}},
		"of another document":       {"a: &x 1\n---\nb: *x\n", []string{"3:4 " + undefined}},
		"itself":                    {"a: &x [1, *x]\n", []string{"1:11 " + itself}},
		"itself by another":         {"a: &x\n  - &y [*x, *y]\n", []string{"2:9 " + itself, "2:13 " + itself}},
		"merge of itself":           {"a: &x {<<: *x}\n", []string{"1:12 " + itself}},
		"merge of a list of itself": {"a: &x [{<<: *x}]\n", []string{"1:13 " + itself}},
		"merge of a text":           {"a: &x text\nb: {<<: *x}\n", []string{"1:4 " + merged}},
		"merge of texts":            {"b: {<<: [text]}\n", []string{"1:10 " + merged}},
		"a fault, once":             {"a: &x !!str 1\nb: [*x, *x, {<<: {c: *x}}]\n", []string{"1:4 has a tag, which is not supported: remove it"}},
		"a key":                     {"a: &x [1]\nb: {*x : 1}\n", []string{"2:5 has a key that is not a plain name"}},
		"many values":               {laughs("1,1,1,1,1,1,1,1,1,1", 10, 20), []string{"6:42 has more than 1048576 values"}},
		"many merged values":        {"- &x {a: 1, b: 1, c: 1}\n- &y {<<: [" + strings.TrimSuffix(strings.Repeat("*x,", 1000), ",") + "]}\n- {<<: [" + strings.TrimSuffix(strings.Repeat("*y,", 1000), ",") + "]}\n", []string{"3:633 has more than 1048576 values"}},
		"much text":                 {laughs(strings.Repeat("x", 1<<16), 10, 3), []string{"4:26 has more than 32 MiB of text once its aliases are expanded"}},
		"long names":                {laughs("{"+strings.Repeat("x", 1<<16)+": 1}", 10, 3), []string{"4:26 has more than 32 MiB of text once its aliases are expanded"}},
		"deep":                      {deep, []string{"201:10 is nested more than 200 levels deep"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tree.Parse("a.yaml", []byte(c.data))
			var faults tree.Errors
			if !errors.As(err, &faults) {
				t.Fatal(err)
			}
			var got []string
			for _, fault := range faults {
				got = append(got, fmt.Sprintf("%d:%d %s", fault.Line, fault.Column, fault.Message))
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// Conceal hides a line that is secret because of an alias, and not the public lines in
// between.
func TestConcealAliases(t *testing.T) {
	t.Parallel()
	const document = `name: &a |
  hunter
  two
public: 1
secret: [x, *a]
also: 2
other: &b {user: 3,
  pin: 4}
secret2: &c
  <<: *b
  word: "5
    6"
last: {user: 1, word: 7}
again: *c
`
	node, err := tree.Parse("a.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	lines := tree.Conceal(node, func(name string, _ *tree.Node) tree.Secrecy {
		if strings.HasPrefix(name, "secret") {
			return tree.Secret
		}
		return tree.Unknown
	})
	for i, line := range strings.Split(strings.TrimSuffix(document, "\n"), "\n") {
		public := strings.HasPrefix(line, "public") || strings.HasPrefix(line, "also") || strings.HasPrefix(line, "last") || strings.HasPrefix(line, "again")
		if lines.Has(i+1) == public {
			t.Errorf("line %d, %q: hidden %t", i+1, line, lines.Has(i+1))
		}
	}
}
