package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/openbroker/openbroker"
)

const smallID, largeID = "3b7f6e2a-93a4-4f0c-8d5b-1f8f0c1c7d02", "c5a0c8f4-6f0d-4b58-a0a9-7d6ce0a1b903"

var catalog = &openbroker.Catalog{Services: []openbroker.Service{{
	ID: "0d1ebd3c-5a5a-4d5c-9c5e-5f0f8f0a4e61", Name: "filedb", Description: "A SQLite database in a file.",
	Bindable: true, InstancesRetrievable: true, PlanUpdateable: true,
	Plans: []openbroker.Plan{{ID: smallID, Name: "small", Description: "1 MiB."}, {ID: largeID, Name: "large", Description: "16 MiB."}},
}}}

// maxPages is the quota of each plan.
var maxPages = map[string]int64{smallID: 256, largeID: 4096}

const pageSize, database = 4096, "database.sqlite"

// broker keeps its state in a directory, with one subdirectory per instance.
type broker struct {
	openbroker.Unimplemented // Responds with 501 to the calls that are missing below.
	dir                      string
	mu                       sync.Mutex // Changes take milliseconds, so they run one at a time.
}

// instance is the record of an instance. A directory without it is not an instance.
type instance struct{ ServiceID, PlanID, OrganizationGUID, SpaceGUID, Parameters string }

func (b *broker) Catalog(context.Context) (*openbroker.Catalog, error) { return catalog, nil }

func (b *broker) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wanted := instance{r.ServiceID, r.PlanID, r.OrganizationGUID, r.SpaceGUID, string(r.Parameters)}
	path, found, err := b.load(r.Caller, r.InstanceID)
	if err == nil && found == wanted { // Platforms repeat requests.
		return &openbroker.ProvisionResponse{Outcome: openbroker.AlreadyExists}, nil
	} else if err == nil {
		return nil, openbroker.ErrInstanceAlreadyExists
	} else if !errors.Is(err, openbroker.ErrInstanceDoesNotExist) {
		return nil, err
	}
	// An empty file is an empty database. The record comes last, so that a crash leaves no incomplete instance.
	err = errors.Join(os.RemoveAll(path), os.MkdirAll(path, 0o700), os.WriteFile(filepath.Join(path, database), nil, 0o600), save(path, wanted))
	return &openbroker.ProvisionResponse{}, err
}

func (b *broker) Update(_ context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path, i, err := b.load(r.Caller, r.InstanceID)
	if err != nil || r.Plan == nil { // Only the plan can change.
		return &openbroker.UpdateResponse{}, err
	}
	if file, err := os.Stat(filepath.Join(path, database)); err != nil {
		return nil, err
	} else if file.Size() > maxPages[r.PlanID]*pageSize {
		return nil, openbroker.ErrPlanQuotaExceeded.WithDescription("The database is too large for the plan %s.", r.Plan.Name)
	}
	i.PlanID = r.PlanID
	return &openbroker.UpdateResponse{}, save(path, i)
}

func (b *broker) Deprovision(_ context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	path, _, err := b.load(r.Caller, r.InstanceID)
	if err == nil {
		err = os.RemoveAll(path)
	}
	return &openbroker.DeprovisionResponse{}, err // The handler turns ErrInstanceDoesNotExist into 410 here, 404 elsewhere.
}

func (b *broker) GetInstance(_ context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	_, i, err := b.load(r.Caller, r.InstanceID)
	return &openbroker.GetInstanceResponse{ServiceID: i.ServiceID, PlanID: i.PlanID, Parameters: openbroker.Parameters(i.Parameters)}, err
}

// Bind creates a link to the database for each binding. Unbind deletes it.
func (b *broker) Bind(_ context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	path, i, err := b.load(r.Caller, r.InstanceID)
	if err != nil {
		return nil, err
	} else if p := string(r.Parameters); p != "" && p != "{}" { // The broker does not record parameters, so it could not compare them.
		return nil, openbroker.ErrInvalidParameters.WithDescription("Bindings do not support parameters: remove them.")
	}
	link := filepath.Join(path, fileName(r.BindingID))
	response := &openbroker.BindResponse{Credentials: openbroker.Credentials{"path": link, "dsn": dsn(link, i.PlanID)}}
	if err = os.Symlink(database, link); errors.Is(err, fs.ErrExist) {
		response.Outcome, err = openbroker.AlreadyExists, nil
	}
	return response, err
}

func (b *broker) Unbind(_ context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	err := os.Remove(filepath.Join(b.path(r.Caller, r.InstanceID), fileName(r.BindingID)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, openbroker.ErrBindingDoesNotExist // The handler turns it into 410.
	}
	return &openbroker.UnbindResponse{}, err
}

// fileName turns any id, such as "../x", into a safe name of fixed length.
func fileName(id string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(id))) }

// path returns the directory of an instance. Each platform has its own instances.
func (b *broker) path(c openbroker.Caller, id string) string {
	return filepath.Join(b.dir, fileName(c.Platform+"\x00"+id))
}

func (b *broker) load(c openbroker.Caller, id string) (path string, i instance, err error) {
	path = b.path(c, id)
	data, err := os.ReadFile(filepath.Join(path, "instance.json")) //nolint:gosec // The id is hashed.
	if errors.Is(err, fs.ErrNotExist) {
		return path, i, openbroker.ErrInstanceDoesNotExist
	} else if err != nil {
		return path, i, err
	}
	return path, i, json.Unmarshal(data, &i)
}

// save replaces the record atomically: a crash leaves the old or the new one.
func save(path string, i instance) error {
	temp := filepath.Join(path, "instance.tmp")
	data, err := json.Marshal(i)
	if err == nil {
		err = os.WriteFile(temp, data, 0o600)
	}
	if err == nil {
		err = os.Rename(temp, filepath.Join(path, "instance.json"))
	}
	return err
}

// dsn returns a DSN that opens an existing database with the quota of a plan.
// max_page_count applies to a connection, so it limits only clients that use the DSN.
func dsn(path, planID string) string {
	query := fmt.Sprintf("mode=rw&_pragma=page_size(%d)&_pragma=max_page_count(%d)&_pragma=busy_timeout(5000)", pageSize, maxPages[planID])
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query}).String()
}
