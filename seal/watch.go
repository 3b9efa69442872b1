package seal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// Watch calls [Keyring.Reload] with check each time changes delivers, until ctx
// ends, and then returns nil. It calls report, which may be nil, with nil when
// another keyset was taken over, and with an error when it was refused, and the
// one in use stays.
//
// The changes come from [FileChanges], or from anything else: a signal, a timer.
// If they end before ctx does, the error says so: the file is not watched any more.
func (k *Keyring) Watch(ctx context.Context, changes <-chan struct{}, check Check, report func(error)) error {
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

// kubernetesData is the symbolic link that Kubernetes swaps to change all files
// of a mounted secret at once.
const kubernetesData = "..data"

// FileChanges delivers when the file at path may have changed, by being written,
// swapped for another one, or, in Kubernetes, by a new version of the secret it is
// mounted from; and once at the beginning, so that nothing is missed between
// loading and watching. Changes that are not yet received count as one. The
// directory is watched, not the file: it has to exist, on a file system that
// notifies (NFS does not). The target of another symbolic link is not watched.
//
// The channel is closed when ctx ends or the directory is removed.
func FileChanges(ctx context.Context, path string) (<-chan struct{}, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("seal: watch %s: %w", path, err)
	}
	if err := watcher.Add(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("seal: watch %s: %w", path, errors.Join(err, watcher.Close()))
	}
	changes := make(chan struct{}, 1)
	changes <- struct{}{}
	go func() {
		defer close(changes)
		defer watcher.Close() //nolint:errcheck // Nobody could do anything about it.
		forward(ctx, watcher, path, changes)
	}()
	return changes, nil
}

func forward(ctx context.Context, watcher *fsnotify.Watcher, path string, changes chan<- struct{}) {
	directory, base := filepath.Dir(path), filepath.Base(path)
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-watcher.Events:
			if !ok {
				return
			}
			if filepath.Clean(event.Name) == directory && event.Op&(fsnotify.Remove|fsnotify.Rename) != 0 {
				return
			}
			if name := filepath.Base(event.Name); name != base && name != kubernetesData {
				continue
			}
		case _, ok := <-watcher.Errors:
			// Events were lost, perhaps this file's.
			if !ok {
				return
			}
		}
		select {
		case changes <- struct{}{}:
		default:
		}
	}
}
