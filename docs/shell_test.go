package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The commands in the documentation work in bash and in zsh. An interactive zsh
// treats a comment as arguments, and the variable path as PATH.
func TestDocsShell(t *testing.T) {
	t.Parallel()
	pages := []string{"../README.md", "../CONTRIBUTING.md"}
	for _, pattern := range []string{"*.md", "adr/*.md", "../*/README.md", "../*/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	comment, tied, commands := regexp.MustCompile(`(?m)(?:^|\s)#(?:\s|$)`), regexp.MustCompile(`(?m)(?:^|[\s;])(?:path|status|argv)=`), 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		allowed := false
		for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
			commands++
			allowed = allowed || strings.Contains(block[1], "setopt interactive_comments\n")
			quoted := regexp.MustCompile(`'[^']*'|"[^"]*"`).ReplaceAllString(block[1], "q")
			if comment.MatchString(quoted) && !allowed {
				t.Errorf("%s: zsh does not support the comment in\n%s", page, block[1])
			}
			if tied.MatchString(quoted) {
				t.Errorf("%s: zsh reserves a variable that is set in\n%s", page, block[1])
			}
		}
	}
	if commands < 20 {
		t.Errorf("only %d blocks of commands: is the pattern right?", commands)
	}
}
