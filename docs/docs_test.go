// Package docs_test checks that the documentation names what exists.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// packages has the packages that from-openbrokerapi.md names, with their directories.
var packages = map[string]string{"openbroker": "..", "auth": "../auth", "router": "../router", "server": "../server"}

// goName matches package.Name and package.Name.Member. It does not match names of
// Python's openbrokerapi.auth, in which text precedes the package.
var goName = regexp.MustCompile(`(?:^|[^\w./])((openbroker|auth|router|server)\.[A-Z]\w*(?:\.[A-Z]\w*)?)`)

func TestDocsFromOpenbrokerapi(t *testing.T) {
	t.Parallel()
	page := read(t, "from-openbrokerapi.md")
	exported := map[string]bool{}
	for name, dir := range packages {
		collect(t, exported, name, dir)
	}
	found := goName.FindAllStringSubmatch(page, -1)
	if len(found) < 200 {
		t.Errorf("the page has only %d Go names: is the pattern right?", len(found))
	}
	for _, match := range found {
		if !exported[match[1]] {
			t.Errorf("the page names %s, which does not exist", match[1])
		}
	}
	names := strings.Fields(read(t, "testdata/openbrokerapi-names.txt"))
	if len(names) < 250 {
		t.Errorf("the list has only %d names of openbrokerapi", len(names))
	}
	rows := map[string]bool{}
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) == 5 && strings.TrimSpace(cells[2]) != "" {
			rows[strings.Trim(cells[1], " `")] = true
		}
	}
	for _, name := range append(names, "DISABLE_VERSION_CHECK", "DISABLE_SPACE_ORG_GUID_CHECK") {
		if !rows[name] {
			t.Errorf("the page has no row with a counterpart of %s", name)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// collect adds the exported names of a package: its declarations as package.Name,
// and their fields and methods as package.Name.Member.
func collect(t *testing.T, exported map[string]bool, name, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("package %s in %s: %d files, %v", name, dir, len(files), err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				collectFunc(exported, name, d)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					collectSpec(exported, name, spec)
				}
			}
		}
	}
}

func collectFunc(exported map[string]bool, name string, d *ast.FuncDecl) {
	if d.Recv == nil {
		exported[name+"."+d.Name.Name] = true
		return
	}
	receiver := d.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if identifier, ok := receiver.(*ast.Ident); ok {
		exported[name+"."+identifier.Name+"."+d.Name.Name] = true
	}
}

func collectSpec(exported map[string]bool, name string, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, identifier := range s.Names {
			exported[name+"."+identifier.Name] = true
		}
	case *ast.TypeSpec:
		exported[name+"."+s.Name.Name] = true
		var members *ast.FieldList
		switch definition := s.Type.(type) {
		case *ast.StructType:
			members = definition.Fields
		case *ast.InterfaceType:
			members = definition.Methods
		default:
			return
		}
		for _, member := range members.List {
			for _, identifier := range member.Names {
				exported[name+"."+s.Name.Name+"."+identifier.Name] = true
			}
		}
	}
}
