// Package folder is the provider: an instance is a folder on the disk of the broker, a
// binding is a user of the folder. Replace the work on files by that on your service.
//
// Each method must be idempotent: after a crash, the broker calls it again, with the same
// arguments and with the checkpoint that the interrupted attempt has saved.
package folder

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// folders is the provider.
type folders struct {
	root   string
	pepper string
}

var _ durable.ResourceLister = (*folders)(nil)

// state is what the broker keeps of an instance, encrypted, and hands to later calls.
type state struct {
	Salt string `json:"salt"`
}

// Provision creates the folder. It accepts what an earlier attempt has created.
func (f *folders) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	plan, err := provider.Plan[PlanSettings](i)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	folder := f.folder(i)
	if err := os.MkdirAll(filepath.Join(folder, "users"), 0o700); err != nil {
		// For an error that may pass. The user gets others as a general text.
		return durable.ProvisionResult{}, durable.Retryable(err, 5*time.Second)
	}
	if err := task.Report(ctx, "Setting the quota."); err != nil { // Users of the platform see it.
		return durable.ProvisionResult{}, err
	}
	if err := setQuota(folder, plan); err != nil {
		return durable.ProvisionResult{}, err
	}
	kept, err := json.Marshal(state{Salt: rand.Text()})
	return durable.ProvisionResult{State: kept}, err
}

// Update changes the plan.
func (f *folders) Update(_ context.Context, _ *durable.Task, i, _ durable.Instance) (durable.UpdateResult, error) {
	plan, err := provider.Plan[PlanSettings](i)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	return durable.UpdateResult{}, setQuota(f.folder(i), plan)
}

// Deprovision deletes the folder. A missing one counts as deleted.
func (f *folders) Deprovision(_ context.Context, _ *durable.Task, i durable.Instance) error {
	return os.RemoveAll(f.folder(i))
}

// Bind creates a user with a generated password, of which the folder has only a hash.
func (f *folders) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	// The checkpoint is on disk, encrypted, before the service gets the password. So an
	// interrupted bind continues with the same password.
	var saved struct{ Password string }
	switch found, err := task.Load(&saved); {
	case err != nil:
		return durable.BindResult{}, err
	case !found:
		saved.Password = rand.Text()
		if err := task.Save(ctx, saved); err != nil {
			return durable.BindResult{}, err
		}
	}
	var kept state
	if err := json.Unmarshal(b.Instance.State, &kept); err != nil {
		return durable.BindResult{}, err
	}
	if err := os.WriteFile(f.user(b), []byte(f.hash(kept.Salt+saved.Password)), 0o600); err != nil {
		return durable.BindResult{}, err
	}
	return durable.BindResult{Credentials: openbroker.Credentials{
		"folder":   f.folder(b.Instance),
		"username": b.ResourceName(),
		"password": saved.Password,
	}}, nil
}

// Unbind deletes the user. A missing one counts as deleted.
func (f *folders) Unbind(_ context.Context, _ *durable.Task, b durable.Binding) error {
	if err := os.Remove(f.user(b)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Resources lists the folders, so that the command admin orphans can compare them with
// the records.
func (f *folders) Resources(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := os.ReadDir(f.root)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield("", err)
			return
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), "ob-") && !yield(entry.Name(), nil) {
				return
			}
		}
	}
}

// folder returns the path of a folder. An id is any text of the platform; ResourceName is
// a safe name for it, and always the same.
func (f *folders) folder(i durable.Instance) string { return filepath.Join(f.root, i.ResourceName()) }

func (f *folders) user(b durable.Binding) string {
	return filepath.Join(f.folder(b.Instance), "users", b.ResourceName())
}

func (f *folders) hash(text string) string {
	mac := hmac.New(sha256.New, []byte(f.pepper))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func setQuota(folder string, plan PlanSettings) error {
	return os.WriteFile(filepath.Join(folder, "quota"), []byte(strconv.Itoa(plan.MaxFiles)), 0o600)
}
