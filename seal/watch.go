package seal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/openbroker/openbroker/internal/filewatch"
)

// Watch calls [Keyring.Reload] with check each time changes delivers, until ctx
// ends, and then returns nil. It calls report, which may be nil, with nil when
// another keyset was taken over, and with an error when it was refused, and the
// one in use stays.
//
// The changes come from [FileChanges], or from anything else: a signal, a timer.
// If they end before ctx does, the error says so: the file is not watched any more.
func (k *Keyring) Watch(ctx context.Context, changes <-chan struct{}, check CandidateCheck, report func(error)) error {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case _, ok := <-changes:
			if ctx.Err() != nil {
				break
			}
			if !ok {
				return errors.New("seal: the keyset is not watched any more: was its directory removed?")
			}
			changed, err := k.Reload(check)
			if report != nil && (changed || err != nil) {
				report(err)
			}
		}
	}
	return nil
}

// FileChanges delivers when the file at path may have changed, by being written,
// swapped for another one, or, in Kubernetes, by a new version of the secret it is
// mounted from; and once at the beginning, so that nothing is missed between
// loading and watching. Changes that are not yet received count as one. The
// directory is watched, not the file: it has to exist, on a file system that
// notifies (NFS does not). The target of another symbolic link is not watched.
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
