// Package folder provides folders on the disk of the broker.
package folder

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// Settings are those of the configuration.
type Settings struct {
	Directory provider.Directory `yaml:"directory" doc:"directory of the folders; folders-NAME in the data directory by default"`
}

// PlanSettings are those of plans.
type PlanSettings struct {
	Welcome string `yaml:"welcome" default:"Welcome." doc:"text of the file WELCOME in a new folder"`
}

//go:embed catalog.yaml
var catalogYAML string

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    "folder",
	Doc:     "folders on the disk of the broker",
	Catalog: catalogYAML,
	New: func(_ context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		root := string(settings.Directory)
		if root == "" {
			root = filepath.Join(host.Data, "folders-"+host.Name)
		}
		root, err := filepath.Abs(root)
		return folders{root: root}, err
	},
})

// folders is the provider: an instance is a folder, a binding a token in it. Each
// method can be called again and then accepts the results of earlier calls.
type folders struct {
	durable.UnimplementedProvider // Refuses the method that is missing below: Update.

	root string
}

// Provision creates the folder with its welcome.
func (f folders) Provision(_ context.Context, _ *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	plan, err := provider.Plan[PlanSettings](i)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	if err := os.MkdirAll(f.folder(i), 0o700); err != nil {
		return durable.ProvisionResult{}, err
	}
	return durable.ProvisionResult{}, os.WriteFile(filepath.Join(f.folder(i), "WELCOME"), []byte(plan.Welcome+"\n"), 0o600)
}

// Deprovision deletes the folder.
func (f folders) Deprovision(_ context.Context, _ *durable.Task, i durable.Instance) error {
	return os.RemoveAll(f.folder(i)) // A missing folder counts as deleted.
}

// Bind creates a token in the folder.
func (f folders) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	token := rand.Text()
	if err := os.WriteFile(f.token(b), []byte(token), 0o600); err != nil {
		return durable.BindResult{}, err
	}
	return durable.BindResult{Credentials: openbroker.Credentials{"folder": f.folder(b.Instance), "token": token}}, nil
}

// Unbind deletes the token.
func (f folders) Unbind(_ context.Context, _ *durable.Task, b durable.Binding) error {
	if err := os.Remove(f.token(b)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // A missing token counts as deleted.
}

// folder returns the path of a folder. ResourceName is a safe file name for any id.
func (f folders) folder(i durable.Instance) string { return filepath.Join(f.root, i.ResourceName()) }

func (f folders) token(b durable.Binding) string {
	return filepath.Join(f.folder(b.Instance), b.ResourceName()+".token")
}
