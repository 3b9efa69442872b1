// Package filewatch tells when files may have changed, however they are changed:
// written in place, swapped for other ones, or by Kubernetes, which swaps a symbolic
// link.
package filewatch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// KubernetesData is the symbolic link that Kubernetes swaps to change all files of a
// mounted secret or ConfigMap at once.
const KubernetesData = "..data"

// Changes delivers when something in a directory may have changed whose name is
// relevant, or events were lost; and once at the beginning, so that nothing is missed
// between reading and watching. Changes that are not yet received count as one. The
// directory has to exist, on a file system that notifies (NFS does not). What other
// symbolic links than that of Kubernetes lead to is not watched, nor are directories
// in it.
//
// The channel is closed when ctx ends or the directory is removed.
func Changes(ctx context.Context, directory string, relevant func(name string) bool) (<-chan struct{}, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", directory, err)
	}
	if err := watcher.Add(directory); err != nil {
		return nil, fmt.Errorf("watch %s: %w", directory, errors.Join(err, watcher.Close()))
	}
	changes := make(chan struct{}, 1)
	changes <- struct{}{}
	go func() {
		defer close(changes)
		defer watcher.Close() //nolint:errcheck // Nobody could do anything about it.
		forward(ctx, watcher, filepath.Clean(directory), relevant, changes)
	}()
	return changes, nil
}

func forward(ctx context.Context, watcher *fsnotify.Watcher, directory string, relevant func(string) bool, changes chan<- struct{}) {
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
			if name := filepath.Base(event.Name); name != KubernetesData && !relevant(name) {
				continue
			}
		case _, ok := <-watcher.Errors:
			// Events were lost, perhaps relevant ones.
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
