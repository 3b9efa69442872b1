package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// folders is the provider: an instance is a folder, a binding a token in it. Each
// method can be called again and then accepts the results of earlier calls.
type folders struct {
	durable.UnimplementedProvider // Refuses the method that is missing below: Update.

	root string
}

func (f folders) Provision(_ context.Context, _ *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, os.MkdirAll(f.folder(i), 0o700)
}

func (f folders) Deprovision(_ context.Context, _ *durable.Task, i durable.Instance) error {
	return os.RemoveAll(f.folder(i)) // A missing folder counts as deleted.
}

func (f folders) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	token := rand.Text()
	if err := os.WriteFile(f.token(b), []byte(token), 0o600); err != nil {
		return durable.BindResult{}, err
	}
	return durable.BindResult{Credentials: openbroker.Credentials{"folder": f.folder(b.Instance), "token": token}}, nil
}

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
