package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// specCoverageName matches `TestName`, `package.TestName` and `TestWire/file`.
	specCoverageName   = regexp.MustCompile("`((?:\\w+\\.)?(?:Test|Fuzz|Example)\\w*)((?:/[\\w-]+)*)`")
	specCoverageLevels = []string{"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "REQUIRED", "RECOMMENDED", "MAY"}
	specCoverageHeld   = []string{"handler", "engine", "author", "catalog"}
)

// TestDocsSpecCoverage checks that each row of spec-coverage.md is complete and
// that the tests it names exist.
func TestDocsSpecCoverage(t *testing.T) {
	t.Parallel()
	text := read(t, "spec-coverage.md")
	functions := specCoverageFunctions(t)
	rows := 0
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Clause ") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			t.Errorf("line %d has %d cells, not 4", i+1, len(cells))
			continue
		}
		level, held, proof := cells[1], cells[2], cells[3]
		if !slices.Contains(specCoverageLevels, level) || !slices.Contains(specCoverageHeld, held) {
			t.Errorf("line %d: unknown level %q or holder %q", i+1, level, held)
		}
		names := specCoverageName.FindAllStringSubmatch(proof, -1)
		if len(names) == 0 && (held == "handler" || held == "catalog") {
			t.Errorf("line %d: the %s holds it, but no test is named", i+1, held)
		}
		if held == "engine" && !strings.Contains(proof, "durable") {
			t.Errorf("line %d: the engine holds it, but no test of it is named", i+1)
		}
		for _, name := range names {
			if !functions[name[1]] {
				t.Errorf("line %d: %s does not exist", i+1, name[1])
			}
			if name[2] != "" && !specCoverageGolden(name[1], name[2]) {
				t.Errorf("line %d: %s%s has no golden file", i+1, name[1], name[2])
			}
		}
	}
	if rows < 150 {
		t.Errorf("only %d rows are read: has the format changed?", rows)
	}
}

// specCoverageGolden reports whether the golden file of a subtest exists.
func specCoverageGolden(test, subtest string) bool {
	dir := map[string]string{"TestWire": "wire", "TestPlatforms": "platforms"}[test]
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join("../testdata", dir, filepath.FromSlash(subtest)+".http"))
	return err == nil
}

// specCoverageFunctions returns the test functions of the repository: functions of
// the root package by name, and others with the name of their directory as prefix.
func specCoverageFunctions(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != ".." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		prefix := ""
		if dir := filepath.Dir(path); dir != ".." {
			prefix = filepath.Base(dir) + "."
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				found[prefix+function.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
