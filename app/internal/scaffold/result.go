package scaffold

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/openbroker/openbroker/app/internal/output"
)

// written is what -o json prints.
type written struct {
	Name      string   `json:"name"`
	Service   string   `json:"service"`
	Language  string   `json:"language"`
	Module    string   `json:"module,omitempty"`
	Directory string   `json:"directory"`
	Files     []string `json:"files"`
}

// result says what was written, and what to type next.
func (b broker) result(directory string, files []file) output.Result {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.path
	}
	var steps []string
	if b.language == goLanguage {
		if filepath.Clean(directory) != "." {
			steps = append(steps, "cd "+quote(directory))
		}
		if inWorkspace(directory) {
			steps = append(steps, "go work use .")
		}
		steps = append(steps, "go build .", "./"+b.name+" serve --config openbroker.yaml")
	} else {
		steps = append(steps, b.program+" serve --config "+quote(filepath.Join(directory, "openbroker.yaml")))
	}
	return output.Result{
		Value: written{Name: b.name, Service: b.service, Language: b.language, Module: b.module, Directory: directory, Files: names},
		Text: fmt.Sprintf("%s has %d files of the broker %s: %s\n\nTo start it:\n\n  %s\n\nREADME.md has the next steps.\n",
			directory, len(names), b.name, strings.Join(names, ", "), strings.Join(steps, "\n  ")),
	}
}

var plain = regexp.MustCompile(`^[\w@%+=:,./][\w@%+=:,./-]*$`)

// quote quotes a path for a shell.
func quote(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	if plain.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// inWorkspace reports whether the go command uses a go.work file in the directory, which
// must name the new module.
func inWorkspace(directory string) bool {
	switch file := os.Getenv("GOWORK"); file {
	case "off":
		return false
	case "":
	default:
		return true
	}
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return false
	}
	for {
		if info, err := os.Stat(filepath.Join(absolute, "go.work")); err == nil && info.Mode().IsRegular() {
			return true
		}
		parent := filepath.Dir(absolute)
		if parent == absolute {
			return false
		}
		absolute = parent
	}
}
