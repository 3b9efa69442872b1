package folder

import (
	"context"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// Settings are those in openbroker.yaml. The tags describe them to the command config
// schema.
type Settings struct {
	Directory provider.Directory `yaml:"directory" doc:"directory of the folders; folders-NAME in the data directory by default"`
	Pepper    provider.Secret    `yaml:"pepper" doc:"secret that the hashes of passwords depend on, such as ${env:PEPPER}; none by default"`
}

// PlanSettings are those of plans in catalog.yaml.
type PlanSettings struct {
	MaxFiles int `yaml:"max_files" min:"1" default:"100" doc:"number of files that a folder can have"`
}

// Define describes the provider, whose default catalog is in YAML.
func Define(catalog string) provider.Definition {
	return provider.Define(provider.Spec[Settings, PlanSettings]{
		Name:    "folder",
		Doc:     "folders on the disk of the broker",
		Catalog: catalog,
		New: func(_ context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
			root := string(settings.Directory)
			if root == "" {
				root = filepath.Join(host.Data, "folders-"+host.Name)
			}
			root, err := filepath.Abs(root)
			return &folders{root: root, pepper: string(settings.Pepper)}, err
		},
	})
}
