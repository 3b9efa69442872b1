package provider_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

var (
	_ provider.HealthChecker = (*checked)(nil)
	_ io.Closer              = (*checked)(nil)
)

// checked is a provider with a connection.
type checked struct {
	durable.UnimplementedProvider
	name   string
	health error
	closed *[]string
}

var errClosing = errors.New("the connection is broken")

func (c *checked) CheckHealth(context.Context) error { return c.health }
func (c *checked) Close() error {
	*c.closed = append(*c.closed, c.name)
	switch c.name {
	case "broken":
		return errClosing
	case "wild":
		panic("a closed channel")
	default:
		return nil
	}
}

// startChecked starts providers with these names. The one named failing cannot be made.
func startChecked(t *testing.T, closed *[]string, names ...string) (*provider.Dispatcher, error) {
	t.Helper()
	plain := provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "plain", Doc: "nothing to check", Catalog: catalogOf("p"),
		New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) {
			return durable.UnimplementedProvider{}, nil
		},
	})
	connected := provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "connected", Doc: "a connection", Catalog: catalogOf("c"),
		New: func(_ context.Context, _ struct{}, host provider.Host) (durable.Provider, error) {
			if host.Name == "failing" {
				return nil, errors.New("no such host")
			}
			return &checked{name: host.Name, closed: closed, health: errors.New(host.Name + " is away")}, nil
		},
	})
	set, err := provider.NewSet(plain, connected)
	if err != nil {
		t.Fatal(err)
	}
	members := []provider.Named{{Name: "plain", Definition: plain, Settings: &struct{}{}}}
	for _, name := range names {
		members = append(members, provider.Named{Name: name, Definition: connected, Settings: &struct{}{}})
	}
	g, err := provider.NewGroup(set, members...)
	if err != nil {
		t.Fatal(err)
	}
	return g.Start(t.Context(), provider.Host{})
}

func TestHealthChecks(t *testing.T) {
	t.Parallel()
	var closed []string
	d, err := startChecked(t, &closed, "blue", "green")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, check := range d.HealthChecks() {
		found = append(found, check.Name+": "+check.Run(t.Context()).Error())
	}
	if want := []string{"blue: blue is away", "green: green is away"}; !slices.Equal(found, want) {
		t.Errorf("the checks are %q, want %q", found, want)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	var closed []string
	d, err := startChecked(t, &closed, "blue", "broken", "wild", "green")
	if err != nil {
		t.Fatal(err)
	}
	err = d.Close()
	if !errors.Is(err, errClosing) || !strings.Contains(err.Error(), "closing the provider broken") || !strings.Contains(err.Error(), "closing the provider wild: panic: a closed channel") {
		t.Errorf("Close: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	if want := []string{"green", "wild", "broken", "blue"}; !slices.Equal(closed, want) {
		t.Errorf("closed %q, want %q", closed, want)
	}
}

// A start that fails leaves no provider open.
func TestStartCloses(t *testing.T) {
	t.Parallel()
	var closed []string
	_, err := startChecked(t, &closed, "blue", "failing", "green")
	if err == nil || err.Error() != "the provider failing: no such host" {
		t.Errorf("Start: %v", err)
	}
	if want := []string{"blue"}; !slices.Equal(closed, want) {
		t.Errorf("closed %q, want %q", closed, want)
	}
}
