package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// diagramName matches "function (file.go)" in a diagram.
	diagramName = regexp.MustCompile(`([A-Za-z]+) \(([a-z_/]+\.go)\)`)
	// pageFile matches a file of Go in backticks, perhaps with a wildcard.
	pageFile = regexp.MustCompile("`([a-z_*/]+\\.go)`")
)

// The page about the architecture names functions and files that exist.
func TestDocsArchitecture(t *testing.T) {
	t.Parallel()
	page := read(t, "architecture.md")
	names := diagramName.FindAllStringSubmatch(page, -1)
	if len(names) < 30 {
		t.Errorf("the diagrams have only %d functions: is the pattern right?", len(names))
	}
	for _, name := range names {
		source, err := os.ReadFile(filepath.Join("..", name[2]))
		if err != nil {
			t.Error(err)
			continue
		}
		if !regexp.MustCompile(`(?m)^func (\([a-zA-Z]+ \*?\w+\) )?` + name[1] + `\(`).Match(source) {
			t.Errorf("%s has no function %s", name[2], name[1])
		}
	}
	for line := range strings.Lines(page) {
		directory := ""
		for _, file := range pageFile.FindAllStringSubmatch(line, -1) {
			// A file without a directory is in the directory of the preceding file.
			path := file[1]
			if strings.Contains(path, "/") {
				directory = filepath.Dir(path)
			}
			for _, candidate := range []string{path, filepath.Join(directory, path)} {
				if found, err := filepath.Glob(filepath.Join("..", candidate)); err == nil && len(found) > 0 {
					path = ""
				}
			}
			if path != "" {
				t.Errorf("the page names the file %s, which does not exist", path)
			}
		}
	}
}
