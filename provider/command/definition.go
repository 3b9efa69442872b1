package command

import (
	"context"
	_ "embed"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/program"
)

// catalogYAML is an example: whoever writes a provider writes a catalog.
//
//go:embed catalog.yaml
var catalogYAML string

// Definition describes the provider. A plan can have any settings, which the program gets.
var Definition = provider.Define(provider.Spec[Settings, provider.Free]{
	Name:    "command",
	Doc:     "services that a program provides, in any language",
	Catalog: catalogYAML,
	New: func(_ context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		return New(settings, host)
	},
	Check:      func(settings Settings) error { return settings.check() },
	CheckFiles: func(settings Settings) error { return settings.checkFiles() },
	Helper:     program.Supervise,
})
