package catalog_test

import (
	"os"
	"testing"
)

// compareGolden compares text with a golden file, which it writes if the
// environment variable WRITE_GOLDEN is set.
func compareGolden(tb testing.TB, path, got string) {
	tb.Helper()
	if os.Getenv("WRITE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	if want := readText(tb, path); got != want {
		tb.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
