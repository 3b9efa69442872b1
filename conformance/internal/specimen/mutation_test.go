package specimen_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

// TestMutationsAreSwitches shows that each mutation is one switch: apart from
// the table, the code has its id at exactly one place. The code has no unknown ids.
func TestMutationsAreSwitches(t *testing.T) {
	t.Parallel()
	places := switches(t)
	for _, mutation := range specimen.Mutations() {
		if count := places[mutation.ID]; count != 1 {
			t.Errorf("the code tests mutation %q at %d places, want 1", mutation.ID, count)
		}
		delete(places, mutation.ID)
		for name, value := range map[string]string{
			"section": mutation.Section, "clause": mutation.Clause, "summary": mutation.Summary, "check": mutation.Check,
		} {
			if value == "" {
				t.Errorf("mutation %q has no %s", mutation.ID, name)
			}
		}
	}
	for id := range places {
		t.Errorf("the code tests %q, which is not a mutation", id)
	}
}

// switches counts the ids in the source: the arguments of broken, and the cases
// of switches over config.Mutation.
func switches(t *testing.T) map[string]int {
	t.Helper()
	places := map[string]int{}
	count := func(expression ast.Expr) {
		if literal, ok := expression.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			id, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			places[id]++
		}
	}
	for _, name := range sources(t) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				if called, ok := node.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "broken" {
					count(node.Args[0])
				}
			case *ast.SwitchStmt:
				if tag, ok := node.Tag.(*ast.SelectorExpr); ok && tag.Sel.Name == "Mutation" {
					for _, clause := range node.Body.List {
						for _, expression := range clause.(*ast.CaseClause).List {
							count(expression)
						}
					}
				}
			}
			return true
		})
	}
	return places
}

func sources(t *testing.T) []string {
	t.Helper()
	all, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range all {
		if !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	return names
}

func TestNewRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	for _, config := range []specimen.Config{{Mutation: "no-such"}, {Variation: "no-such"}} {
		if _, err := specimen.New(config); err == nil || !strings.Contains(err.Error(), `"no-such"`) {
			t.Errorf("New(%+v) = %v, want an error with the name", config, err)
		}
	}
}
