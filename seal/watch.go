package seal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/openbroker/openbroker/internal/filewatch"
)

// Watch calls [Keyring.Reload] with check each time changes delivers. It returns
// nil when ctx ends. It calls report, which may be nil, with nil after it has
// adopted a changed keyset, and with an error when it has refused one, in which
// case the current keyset stays in use.
//
// The changes come from [FileChanges] or another source, such as a signal or a
// timer. Watch returns an error if changes is closed before ctx ends, because the
// file is no longer watched.
func (k *Keyring) Watch(ctx context.Context, changes <-chan struct{}, check CandidateCheck, report func(error)) error {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case _, ok := <-changes:
			if ctx.Err() != nil {
				break
			}
			if !ok {
				return errors.New("seal: the keyset is no longer watched: check whether its directory was removed, and restart")
			}
			changed, err := k.Reload(check)
			if report != nil && (changed || err != nil) {
				report(err)
			}
		}
	}
	return nil
}

// FileChanges returns a channel that delivers whenever the file at path may have
// changed: it was written or replaced, or Kubernetes has mounted a new version of
// its secret. It also delivers once at the beginning, so that no change between
// loading and watching is missed. Changes that have not been received yet count
// as one. FileChanges watches the directory, which must exist on a file system
// that supports notifications (NFS does not). It does not watch the targets of
// other symbolic links.
//
// The channel is closed when ctx ends or the directory is removed.
func FileChanges(ctx context.Context, path string) (<-chan struct{}, error) {
	base := filepath.Base(path)
	changes, err := filewatch.Changes(ctx, filepath.Dir(path), func(name string) bool { return name == base })
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return changes, nil
}
