package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/server/config"
)

// Parse either accepts a file or returns problems at positions in the file.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "../../examples/config/openbroker.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "${file:") || strings.Contains(string(data), "credentials_file") {
			t.Skip("files are not to be read")
		}
		c, err := config.Parse("c.yaml", data, environment(map[string]string{"A": "hunter2"}), providers(t))
		if err == nil {
			if c == nil {
				t.Fatal("neither a configuration nor an error")
			}
			return
		}
		var problems config.Errors
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("the error is %v", err)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines+1 || p.Column < 1 || p.Message == "" {
				t.Errorf("problem %+v in %d lines", p, lines)
			}
		}
		if strings.Contains(err.Error(), "hunter2") && !strings.Contains(string(data), "hunter2") {
			t.Errorf("a value of the environment is shown: %v", err)
		}
	})
}
