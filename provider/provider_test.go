package provider_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

var update = flag.Bool("update", false, "write the golden files")

// The providers of third parties: a simple one, and a full one with all optional
// interfaces.
type (
	settings struct {
		URL   provider.URL    `yaml:"url" doc:"where it is"`
		Token provider.Secret `yaml:"token" doc:"how to log in"`
	}
	plan struct {
		Size  int      `yaml:"size" min:"1" max:"9" default:"1" doc:"how large it is"`
		Zones []string `yaml:"zones" doc:"where it is"`
	}
	simple struct {
		durable.UnimplementedProvider
		host  provider.Host
		calls *[]string
	}
	full struct{ simple }
)

func (s simple) call(what string, i durable.Instance) {
	p, err := provider.Plan[plan](i)
	*s.calls = append(*s.calls, fmt.Sprintf("%s %s %s size %d %v", s.host.Name, what, i.ID, p.Size, err))
}

func (s simple) Provision(_ context.Context, _ *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	s.call("provision", i)
	return durable.ProvisionResult{}, nil
}

func (s simple) Update(_ context.Context, _ *durable.Task, i, previous durable.Instance) (durable.UpdateResult, error) {
	s.call("update", i)
	s.call("previous", previous)
	return durable.UpdateResult{}, nil
}

func (s simple) Deprovision(_ context.Context, _ *durable.Task, i durable.Instance) error {
	s.call("deprovision", i)
	return nil
}

func (s simple) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	s.call("bind", b.Instance)
	return durable.BindResult{}, nil
}

func (s simple) Unbind(_ context.Context, _ *durable.Task, b durable.Binding) error {
	s.call("unbind", b.Instance)
	return nil
}

var errRefused = errors.New("refused")

func (f full) CheckInstance(_ context.Context, i durable.Instance, previous *durable.Instance) error {
	f.call("check", i)
	if previous != nil {
		f.call("check previous", *previous)
	}
	return errRefused
}
func (full) CheckBinding(context.Context, durable.Binding) error            { return errRefused }
func (full) ResourceExists(context.Context, durable.Instance) (bool, error) { return true, nil }
func (full) DashboardURL(_ context.Context, i durable.Instance) (string, error) {
	return "https://" + i.ID, nil
}

func (f full) Callbacks() http.Handler {
	if f.host.Name != "red" {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Provider", f.host.Name) })
}

func (f full) Resources(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield(f.host.Name, nil) }
}

func catalogOf(id string) string {
	return "services: [{id: " + id + ", name: " + id + ", description: A service., bindable: true, plans: [{id: " + id + "-p, name: one, description: One.}]}]"
}

// define returns definitions whose calls go to calls.
func define(calls *[]string) (simpleOne, fullOne provider.Definition) {
	spec := provider.Spec[settings, plan]{
		Name: "simple", Doc: "simple ones", Catalog: catalogOf("s"),
		New: func(_ context.Context, c settings, host provider.Host) (durable.Provider, error) {
			if c.URL == "broken" {
				return nil, errors.New("is away")
			}
			return simple{host: host, calls: calls}, nil
		},
		CheckPlan: func(_ *openbroker.Service, _ *openbroker.Plan, p plan) error {
			if p.Size == 7 {
				return &provider.FieldError{Field: "size", Err: errors.New("is 7, and there is no such size")}
			}
			return nil
		},
	}
	other := spec
	other.Name, other.Catalog = "full", catalogOf("f")
	other.New = func(_ context.Context, _ settings, host provider.Host) (durable.Provider, error) {
		return full{simple{host: host, calls: calls}}, nil
	}
	return provider.Define(spec), provider.Define(other)
}

// group has blue and green, which are simple, and red, which is full.
func group(t *testing.T, calls *[]string) (*provider.Set, *provider.Group) {
	t.Helper()
	one, other := define(calls)
	set, err := provider.NewSet(one, other)
	if err != nil {
		t.Fatal(err)
	}
	g, err := provider.NewGroup(set,
		provider.Named{Name: "blue", Definition: one, Settings: new(settings)},
		provider.Named{Name: "green", Definition: one, Settings: new(settings)},
		provider.Named{Name: "red", Definition: other, Settings: new(settings)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return set, g
}

func TestNewSet(t *testing.T) {
	t.Parallel()
	valid := provider.Spec[settings, plan]{
		Name: "valid", Doc: "valid ones", Catalog: catalogOf("s"),
		New: func(context.Context, settings, provider.Host) (durable.Provider, error) { return simple{}, nil },
	}
	change := func(change func(*provider.Spec[settings, plan])) provider.Definition {
		spec := valid
		change(&spec)
		return provider.Define(spec)
	}
	for want, definitions := range map[string][]provider.Definition{
		"the set has no definition":                     nil,
		"it was not made with Define":                   {{}},
		"the name must be lower-case letters":           {change(func(s *provider.Spec[settings, plan]) { s.Name = "Valid" })},
		`"metadata": the name is that of a field`:       {change(func(s *provider.Spec[settings, plan]) { s.Name = "metadata" })},
		"doc and constructor are required":              {change(func(s *provider.Spec[settings, plan]) { s.New = nil })},
		"the name is that of another one":               {provider.Define(valid), provider.Define(valid)},
		"the default catalog: valid/catalog.yaml:1:12:": {change(func(s *provider.Spec[settings, plan]) { s.Catalog = "services: [{}]" })},
		`"sise" is unknown: did you mean "size"?`: {change(func(s *provider.Spec[settings, plan]) {
			s.Catalog = strings.Replace(catalogOf("s"), "description: One.", "description: One., valid: {sise: 1}", 1)
		})},
		"has the default \"much\": must be a whole number from 0 to 2147483647": {provider.Define(provider.Spec[struct {
			Size int `yaml:"size" default:"much" doc:"size"`
		}, struct{}]{Name: "a"})},
		"Size needs a tag doc": {provider.Define(provider.Spec[struct {
			Size int `yaml:"size"`
		}, struct{}]{Name: "a"})},
		"Size needs a tag yaml": {provider.Define(provider.Spec[struct {
			Size int `doc:"size"`
		}, struct{}]{Name: "a"})},
		"Size has the type float64, which is not supported": {provider.Define(provider.Spec[struct {
			Size float64 `yaml:"size" doc:"size"`
		}, struct{}]{Name: "a"})},
		`Sizes has max:"3": it must be an integer, and the field too`: {provider.Define(provider.Spec[struct {
			Sizes []int `yaml:"sizes" max:"3" doc:"sizes"`
		}, struct{}]{Name: "a"})},
		`Size has min:"x": it must be an integer, and the field too`: {provider.Define(provider.Spec[struct {
			Size int `yaml:"size" min:"x" doc:"size"`
		}, struct{}]{Name: "a"})},
		"Size has limits from 4 to 3": {provider.Define(provider.Spec[struct {
			Size int `yaml:"size" min:"4" max:"3" doc:"size"`
		}, struct{}]{Name: "a"})},
		"Zones has enum, which only strings and integers can have": {provider.Define(provider.Spec[struct {
			Zones []string `yaml:"zones" enum:"a,b" doc:"zones"`
		}, struct{}]{Name: "a"})},
		`has the default "c": must be one of a, b`: {provider.Define(provider.Spec[struct {
			Zone string `yaml:"zone" enum:"a,b" default:"c" doc:"zone"`
		}, struct{}]{Name: "a"})},
		`Zone has required:"false": write "true", or leave it out`: {provider.Define(provider.Spec[struct {
			Zone string `yaml:"zone" required:"false" doc:"zone"`
		}, struct{}]{Name: "a"})},
		"hidden is not exported": {provider.Define(provider.Spec[struct{ hidden int }, struct{}]{Name: "a"})},
		"Token must not be a Secret": {provider.Define(provider.Spec[struct{}, struct {
			Token provider.Secret `yaml:"token" doc:"t"`
		}]{Name: "a"})},
		"string is not a struct": {provider.Define(provider.Spec[string, struct{}]{Name: "a"})},
	} {
		_, err := provider.NewSet(definitions...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestNewGroup(t *testing.T) {
	t.Parallel()
	var calls []string
	one, other := define(&calls)
	set, err := provider.NewSet(one)
	if err != nil {
		t.Fatal(err)
	}
	for want, members := range map[string][]provider.Named{
		"at least one provider are needed": nil,
		`the name "B" must be lower-case`:  {{Name: "B", Definition: one, Settings: new(settings)}},
		`two providers have the name "a"`:  {{Name: "a", Definition: one, Settings: new(settings)}, {Name: "a", Definition: one, Settings: new(settings)}},
		`the settings of "a" are a string`: {{Name: "a", Definition: one, Settings: "x"}},
		`"full" of "a" is not in the set`:  {{Name: "a", Definition: other, Settings: new(settings)}},
	} {
		if _, err := provider.NewGroup(set, members...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// Without a catalog file, the default catalogs are served together, unless they clash.
func TestDefaultCatalogs(t *testing.T) {
	t.Parallel()
	var calls []string
	set, g := group(t, &calls)
	if _, err := g.Catalog(); err == nil || !strings.Contains(err.Error(), "the providers blue and green are both simple, whose default catalog can be served only once: name a catalog with catalog.file, in which each service says provider: green or blue") {
		t.Errorf("the error is %v", err)
	}
	one, other := define(&calls)
	two, err := provider.NewGroup(set, provider.Named{Name: "red", Definition: other, Settings: new(settings)}, provider.Named{Name: "blue", Definition: one, Settings: new(settings)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := two.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(two.CheckCatalog(c), c.Validate()); err != nil {
		t.Error(err)
	}
	var got []string
	for _, s := range c.Services {
		got = append(got, s.ID+" "+string(s.Extensions[provider.Field]))
	}
	if strings.Join(got, ", ") != `f "red", s "blue"` {
		t.Errorf("the services are %v", got)
	}
	public := set.Public(c)
	if len(public.Services) != 2 || public.Services[0].Extensions != nil || c.Services[0].Extensions == nil {
		t.Errorf("platforms see %+v", public.Services)
	}
	if again := set.Public(public); again != public {
		t.Error("a catalog without fields for providers is copied")
	}
}

const file = `services:
  - id: one
    name: one
    description: One.
    bindable: true
    provider: blue
    plans:
      - {id: p1, name: small, description: Small., simple: {size: 3, zones: [a]}, other: kept}
      - {id: p2, name: plain, description: Plain.}
  - id: two
    name: two
    description: Two.
    bindable: true
    provider: red
    plans:
      - id: p3
        name: large
        description: Large.
        full:
          size: 9
`

func source(t *testing.T, text string) *catalog.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.LoadSource(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheckSource(t *testing.T) {
	t.Parallel()
	var calls []string
	set, g := group(t, &calls)
	if err := g.CheckSource(source(t, file)); err != nil {
		t.Error(err)
	}
	if found := set.Lint(source(t, file)); len(found) > 0 {
		t.Error(found)
	}
	for name, change := range map[string][]string{
		"two_unknown_providers":        {"provider: blue", "provider: bleu", "provider: red", "provider: rot"},
		"no_provider":                  {"    provider: red\n", ""},
		"a_list_of_providers":          {"provider: blue", "provider: [blue]"},
		"settings_of_another_provider": {"description: Plain.}", "description: Plain., full: {size: 1}}"},
		"a_typo":                       {"size: 3", "sise: 3"},
		"wrong_values":                 {"zones: [a]", "zones: [5]", "size: 9", "size: 10"},
		"refused_by_the_provider":      {"size: 9", "size: 7"},
		"misplaced": {
			"    provider: red\n", "    provider: red\n    full: {size: 2}\n", "description: Plain.}", "description: Plain., provider: red}",
			"services:", "simple: {size: 1}\nprovider: red\nservices:",
		},
		"a_misspelt_kind": {"        full:", "        Fulll:"},
		"no_object":       {"simple: {size: 3, zones: [a]}", "simple: 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := source(t, strings.NewReplacer(change...).Replace(file))
			var got strings.Builder
			for _, found := range []struct {
				title    string
				findings []catalog.Finding
			}{{"With the configuration", g.Lint(s)}, {"Without the configuration", set.Lint(s)}} {
				got.WriteString(found.title + ":\n")
				for _, f := range found.findings {
					_, rest, _ := strings.Cut(f.Text(), "catalog.yaml")
					got.WriteString("catalog.yaml" + rest + "\n")
				}
			}
			golden(t, filepath.Join("testdata", name+".txt"), got.String())
			var findings catalog.Errors
			if err := g.CheckSource(s); !errors.As(err, &findings) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// golden compares text with a golden file, which -update writes.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func instance(c *openbroker.Catalog, id, service, plan, made string) durable.Instance {
	i := durable.Instance{ID: id, ServiceID: service, PlanID: plan, Provider: made, Service: c.Service(service)}
	if i.Service != nil {
		i.Plan = i.Service.Plan(plan)
	}
	return i
}

// Each call goes to the provider that made the instance, with the settings of its plan.
// The optional interfaces answer for each provider.
func TestDispatcher(t *testing.T) {
	t.Parallel()
	var calls []string
	_, g := group(t, &calls)
	c, err := source(t, file).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Start(t.Context(), provider.Host{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, task := t.Context(), (*durable.Task)(nil)
	one, two := instance(c, "1", "one", "p1", "blue"), instance(c, "2", "two", "p3", "red")
	moved := instance(c, "3", "one", "p2", "green")
	retired := instance(c, "5", "gone", "p9", "green")
	converted := instance(c, "8", "two", "p3", "green") // The service is now one of red, another kind.
	for _, i := range []durable.Instance{one, two, moved, retired, converted} {
		if _, err := d.Provision(ctx, task, i); err != nil {
			t.Error(err)
		}
	}
	_, err = d.Update(ctx, task, instance(c, "1", "one", "p2", "blue"), one)
	_, bound := d.Bind(ctx, task, durable.Binding{Instance: two})
	if err := errors.Join(err, bound, d.Unbind(ctx, task, durable.Binding{Instance: two}), d.Deprovision(ctx, task, moved)); err != nil {
		t.Error(err)
	}
	gone := `the settings of the plan "p9": ` + provider.ErrPlanGone.Error()
	want := []string{
		"blue provision 1 size 3 <nil>", "red provision 2 size 9 <nil>", "green provision 3 size 1 <nil>", "green provision 5 size 0 " + gone, "green provision 8 size 0 " + strings.Replace(gone, "p9", "p3", 1),
		"blue update 1 size 1 <nil>", "blue previous 1 size 3 <nil>", "red bind 2 size 9 <nil>", "red unbind 2 size 9 <nil>", "green deprovision 3 size 1 <nil>",
	}
	if got := strings.Join(calls, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the calls are\n%s", got)
	}

	for _, i := range []durable.Instance{instance(c, "4", "one", "p1", ""), instance(c, "6", "one", "p1", "yellow"), instance(c, "7", "gone", "p9", "")} {
		if err := d.Deprovision(ctx, task, i); !errors.Is(err, durable.ErrProviderMissing) || len(calls) != len(want) {
			t.Errorf("%s: a provider is called, %v", i.ID, err)
		}
		// Another replica may have the provider.
		if err := d.CheckBinding(ctx, durable.Binding{Instance: i}); !errors.Is(err, openbroker.ErrUnavailable) {
			t.Errorf("%s: bind: %v", i.ID, err)
		}
		if err := d.CheckInstance(ctx, i, &i); !errors.Is(err, openbroker.ErrUnavailable) {
			t.Errorf("%s: update: %v", i.ID, err)
		}
	}

	if _, lists := any(d).(durable.ResourceLister); lists {
		t.Error("the dispatcher lists resources, although providers of it cannot")
	}
	if can, cannot := d.Listers(); strings.Join(can, " ") != "red" || strings.Join(cannot, " ") != "blue green" {
		t.Errorf("listers: %v and %v", can, cannot)
	}
	if _, ok := d.Lister("blue"); ok {
		t.Error("blue lists resources")
	}
	if lister, ok := d.Lister("red"); !ok {
		t.Error("red lists no resources")
	} else {
		for name := range lister.Resources(ctx) {
			if name != "red" {
				t.Errorf("the resource is %s", name)
			}
		}
	}
	response := httptest.NewRecorder()
	if handlers := d.Callbacks(); len(handlers) != 1 || handlers["/callbacks/red"] == nil {
		t.Errorf("the handlers of callbacks are %v", handlers)
	} else if handlers["/callbacks/red"].ServeHTTP(response, nil); response.Header().Get("Provider") != "red" {
		t.Error("the handler of red is that of another provider")
	}
	if err := errors.Join(d.CheckInstance(ctx, one, nil), d.CheckBinding(ctx, durable.Binding{Instance: one})); err != nil {
		t.Error(err)
	}
	if err := d.CheckInstance(ctx, two, &two); !errors.Is(err, errRefused) || calls[len(calls)-1] != "red check previous 2 size 9 <nil>" {
		t.Errorf("%v, %s", err, calls[len(calls)-1])
	}
	if err := d.CheckBinding(ctx, durable.Binding{Instance: two}); !errors.Is(err, errRefused) {
		t.Error(err)
	}
	for i, want := range map[*durable.Instance]struct {
		exists bool
		url    string
	}{&one: {false, ""}, &two: {true, "https://2"}} {
		exists, err := d.ResourceExists(ctx, *i)
		url, failed := d.DashboardURL(ctx, *i)
		if err := errors.Join(err, failed); err != nil || exists != want.exists || url != want.url {
			t.Errorf("%s: %v %q %v", i.ID, exists, url, err)
		}
	}
	if name, err := d.ProviderFor(two.Service); err != nil || name != "red" || !d.HasProvider("green") || d.HasProvider("yellow") {
		t.Errorf("%s, %v", name, err)
	}
	if d.ChecksCreation(one.Service) || !d.ChecksCreation(two.Service) || !d.ChecksCreation(new(openbroker.Service)) {
		t.Error("only red checks creations")
	}
}

// An instance that is older than names belongs to the first definition under its own
// name, whatever its service says.
func TestInstanceWithoutName(t *testing.T) {
	t.Parallel()
	var calls []string
	one, other := define(&calls)
	set, err := provider.NewSet(one, other)
	if err != nil {
		t.Fatal(err)
	}
	g, err := provider.NewGroup(set,
		provider.Named{Name: "blue", Definition: one, Settings: new(settings)},
		provider.Named{Name: "simple", Definition: one, Settings: new(settings)},
	)
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Start(t.Context(), provider.Host{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := source(t, file).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"one", "gone"} { // The service one has the provider blue.
		if err := d.Deprovision(t.Context(), nil, instance(c, "1", service, "p1", "")); err != nil || !strings.HasPrefix(calls[len(calls)-1], "simple deprovision") {
			t.Errorf("%s: %v, %v", service, err, calls)
		}
	}
}

func TestDefinition(t *testing.T) {
	t.Parallel()
	var calls []string
	one, _ := define(&calls)
	if one.Name() != "simple" || one.Doc() != "simple ones" || one.SettingsType() != reflect.TypeFor[settings]() || one.PlanType() != reflect.TypeFor[plan]() {
		t.Errorf("the definition is %+v", one)
	}
	if err := one.Check("x"); err == nil || !strings.Contains(err.Error(), "the settings of simple are a string") {
		t.Errorf("the error is %v", err)
	}
}

// A constructor that panics fails like one that returns an error; the log has its stack.
func TestConstructorPanics(t *testing.T) {
	t.Parallel()
	d := provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "simple", Doc: "simple ones", Catalog: catalogOf("s"),
		New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) { panic("no map") },
	})
	set, err := provider.NewSet(d)
	if err != nil {
		t.Fatal(err)
	}
	g, err := provider.NewGroup(set, provider.Named{Name: "blue", Definition: d, Settings: d.Settings()})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	_, err = g.Start(t.Context(), provider.Host{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err == nil || err.Error() != "the provider blue: its constructor panicked: no map" {
		t.Errorf("the error is %v", err)
	}
	if !strings.Contains(log.String(), "provider=blue") || !strings.Contains(log.String(), "TestConstructorPanics") {
		t.Errorf("the log has no stack: %s", log.String())
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	var calls []string
	one, _ := define(&calls)
	set, err := provider.NewSet(one)
	if err != nil {
		t.Fatal(err)
	}
	g, err := provider.NewGroup(set, provider.Named{Name: "blue", Definition: one, Settings: &settings{URL: "broken"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Start(t.Context(), provider.Host{}); err == nil || err.Error() != "the provider blue: is away" {
		t.Errorf("the error is %v", err)
	}
}

// A secret in logged settings is a placeholder, in each format of the log.
func TestSecretIsNotLogged(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	config := struct {
		Token  provider.Secret
		Tokens map[string][]provider.Secret
	}{"hunter2", map[string][]provider.Secret{"a": {"hunter2"}}}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).LogAttrs(t.Context(), slog.LevelInfo, "started", slog.Any("config", config), slog.Any("token", config.Token))
	}
	if strings.Contains(log.String(), "hunter2") || strings.Count(log.String(), "[redacted]") != 6 {
		t.Errorf("the log is\n%s", log.String())
	}
}
