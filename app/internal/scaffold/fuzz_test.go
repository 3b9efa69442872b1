package scaffold_test

import (
	"regexp"
	"testing"

	"golang.org/x/mod/module"

	"github.com/openbroker/openbroker/app/internal/scaffold"
)

// Any directory gives names that hosts, images, modules and services can have.
func FuzzNames(f *testing.F) {
	for _, directory := range []string{"", "My Broker!", "Éclair", "日本", "folder", "aux", "vendor", "..", "a--b", "İ", "ſ", "\xff", "broker"} {
		f.Add(directory)
	}
	label := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	f.Fuzz(func(t *testing.T, directory string) {
		name, err := scaffold.NameFor(directory)
		if err != nil {
			t.Fatal(err)
		}
		if !label.MatchString(name) || !label.MatchString(scaffold.ServiceFor(name)) {
			t.Errorf("%q gives %q, with the service %q", directory, name, scaffold.ServiceFor(name))
		}
		if err := module.CheckPath("example.com/" + name); err != nil {
			t.Errorf("%q: %v", directory, err)
		}
	})
}
