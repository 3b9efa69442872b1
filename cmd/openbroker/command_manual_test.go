package main_test

import (
	"path/filepath"
	"regexp"
	"testing"
)

// docs/command-provider.md leads from an empty directory to a broker whose provider is a
// program.
func TestCommandManual(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("This is `([\\w.]+)`")
	r := newReader(t, "zsh", t.TempDir())
	home := filepath.Join(r.directory, "programs")
	var walk []block
	for _, b := range blocks(t, "docs/command-provider.md") {
		if b.language == "json" {
			break // The contract begins.
		}
		walk = append(walk, b)
	}
	files := 0
	commands := r.follow(walk, func(b block) {
		name := named.FindStringSubmatch(b.before)
		if name == nil {
			t.Fatalf("%s: the paragraph before it names no file: %q", b, b.before)
		}
		write(t, home, name[1], b.text)
		files++
	})
	if commands != 5 || files != 2 {
		t.Errorf("%d blocks of commands, %d files", commands, files)
	}
}
