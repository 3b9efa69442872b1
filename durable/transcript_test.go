package durable_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// A transcript has the requests and answers of a test. It numbers operations in the
// order of their appearance, because their ids are random.
type transcript struct {
	mu         sync.Mutex
	text       strings.Builder
	operations []string
}

func (t *transcript) add(method, path, body string, a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id := a.operation(); id != "" && !strings.Contains(t.hide(id), "operation-") {
		t.operations = append(t.operations, id)
	}
	fmt.Fprintf(&t.text, "%s %s\n", method, t.hide(path))
	if body != "" {
		fmt.Fprintln(&t.text, body)
	}
	fmt.Fprintf(&t.text, "%d", a.status)
	if after := a.header.Get("Retry-After"); after != "" {
		fmt.Fprintf(&t.text, " Retry-After: %s", after)
	}
	fmt.Fprintf(&t.text, "\n%s\n\n", t.hide(strings.TrimSpace(a.text)))
}

func (t *transcript) hide(text string) string {
	for i, id := range t.operations {
		text = strings.ReplaceAll(text, id, fmt.Sprintf("operation-%d", i+1))
	}
	return text
}

// golden compares the transcript with testdata/name.txt.
func (t *transcript) golden(tb testing.TB, name string) {
	tb.Helper()
	path := filepath.Join("testdata", name+".txt")
	got := strings.TrimSpace(t.text.String()) + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if g, w := at(gotLines, i), at(wantLines, i); g != w {
			tb.Fatalf("%s:%d: got\n%s\nwant\n%s", path, i+1, cmp.Or(g, "(nothing)"), cmp.Or(w, "(nothing)"))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
