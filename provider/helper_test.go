package provider_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

type place struct {
	Directory provider.Directory `yaml:"directory" default:"." doc:"where"`
}

// helped is a provider with a helper, free settings of plans, and files.
func helped(host *provider.Host) provider.Definition {
	return provider.Define(provider.Spec[place, provider.Free]{
		Name: "helped", Doc: "a provider with a helper",
		Catalog: strings.Replace(catalogOf("s"), "description: One.", "description: One., helped: {any: [1, {thing: 2.50}]}", 1),
		New: func(_ context.Context, _ place, got provider.Host) (durable.Provider, error) {
			*host = got
			return simple{}, nil
		},
		CheckFiles: func(p place) error {
			if p.Directory == "" {
				return nil
			}
			return &provider.FieldError{Field: "directory", Err: errors.New("is missing")}
		},
		Helper: func(args []string) int { return len(args) },
	})
}

// A provider gets the command line of its helper if the program can run it.
func TestHelpers(t *testing.T) {
	t.Parallel()
	var host provider.Host
	definition := helped(&host)
	set, err := provider.NewSet(definition)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		set  *provider.Set
		want []string
	}{{set, nil}, {set.WithHelpers(""), nil}, {set.WithHelpers("/bin/acme"), []string{"/bin/acme", "--provider-helper", "helped"}}} {
		g, err := provider.NewGroup(x.set, provider.Named{Name: "blue", Definition: definition, Settings: new(place)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Start(t.Context(), provider.Host{}); err != nil || !slices.Equal(host.Helper, x.want) {
			t.Errorf("the helper is %q, want %q, %v", host.Helper, x.want, err)
		}
	}
	var calls []string
	other, _ := define(&calls)
	for _, x := range []struct {
		args []string
		code int
		ran  bool
	}{
		{[]string{"--provider-helper", "helped", "a", "b"}, 2, true},
		{[]string{"--provider-helper", "simple"}, 0, false}, // It has no helper.
		{[]string{"--provider-helper", "none"}, 0, false},
		{[]string{"--provider-helper"}, 0, false},
		{[]string{"serve", "helped"}, 0, false},
		{nil, 0, false},
	} {
		if code, ran := provider.RunHelper([]provider.Definition{other, definition}, x.args); code != x.code || ran != x.ran {
			t.Errorf("%q: %d, %v", x.args, code, ran)
		}
	}
}

// Free settings of plans can have any name, and are an object.
func TestFreeSettings(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(helped(new(provider.Host)))
	if err != nil {
		t.Fatal(err)
	}
	found := set.Lint(source(t, strings.Replace(catalogOf("s"), "description: One.", "description: One., helped: [1]", 1)))
	if len(found) != 1 || !strings.Contains(found[0].Message, "helped must be a mapping") {
		t.Error(found)
	}
	definition, _ := set.Definition("helped")
	if err := definition.CheckFiles(new(string)); err == nil || err.Error() != "provider: the settings of helped are a *string" {
		t.Error(err)
	}
	c, err := definition.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Services[0].Plans[0].Extensions["helped"]); got != `{"any":[1,{"thing":2.50}]}` {
		t.Errorf("the settings are %s", got)
	}
}
