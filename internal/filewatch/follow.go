package filewatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// KubernetesData is the symbolic link that Kubernetes swaps to change all files of a
// mounted secret or ConfigMap together.
const KubernetesData = "..data"

// quiet is the pause in notifications after which a file is read: most writers truncate a
// file before they write it.
const quiet = 100 * time.Millisecond

// A RefusedError is an error of reload with its own log message.
type RefusedError struct {
	Message string
	Err     error
}

// Error returns the text of Err.
func (r *RefusedError) Error() string { return r.Err.Error() }

// Unwrap returns Err.
func (r *RefusedError) Unwrap() error { return r.Err }

// Follow calls reload immediately, whenever one of the paths may have changed, and every
// poll, until ctx ends. Reload applies the content if it differs from the content in use.
// If it returns an error, the former content stays in use. Follow logs each error that
// differs from the last one, with the message of a [RefusedError].
//
// The base name of a path may be a pattern of [filepath.Match]. Follow watches the
// directories of the paths. The next poll detects other changes: in subdirectories, in the
// targets of symbolic links other than [KubernetesData], and on file systems without
// notifications, such as NFS.
func Follow(ctx context.Context, paths []string, poll time.Duration, reload func(context.Context) error, logger *slog.Logger) {
	f := &follower{paths: paths, poll: poll, reload: reload, logger: logger}
	defer f.close()
	ticks := time.NewTicker(poll)
	defer ticks.Stop()
	silence := time.NewTimer(quiet)
	silence.Stop()
	defer silence.Stop()
	f.watch(ctx)
	f.callReload(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-f.events:
			if !open {
				f.close()
			}
			if !open || f.concerns(event) {
				silence.Reset(quiet)
			}
		case err := <-f.faults: // Relevant notifications may be lost.
			logger.LogAttrs(ctx, slog.LevelDebug, "notifications about changed files were lost", slog.Any("error", err))
			silence.Reset(quiet)
		case <-silence.C:
			f.callReload(ctx)
		case <-ticks.C:
			f.watch(ctx)
			f.callReload(ctx)
		}
	}
}

// A follower is the state of one call of Follow.
type follower struct {
	paths  []string
	poll   time.Duration
	reload func(context.Context) error
	logger *slog.Logger

	watcher *fsnotify.Watcher // Nil while nothing is watched.
	events  <-chan fsnotify.Event
	faults  <-chan error
	// reloadFailure and watchFailure are the last logged errors of reload and of watch.
	reloadFailure, watchFailure string
}

// callReload calls reload, and logs an error that differs from the last one.
func (f *follower) callReload(ctx context.Context) {
	err := f.reload(ctx)
	if err == nil {
		f.reloadFailure = ""
		return
	}
	message := "the changed file cannot be used: its former content stays in use"
	var refused *RefusedError
	if errors.As(err, &refused) {
		message = refused.Message
	}
	if text := message + "\n" + err.Error(); text != f.reloadFailure && ctx.Err() == nil {
		f.reloadFailure = text
		f.logger.LogAttrs(ctx, slog.LevelError, message, slog.String("error", err.Error())) //nolint:sloglint // The message is a constant of the caller.
	}
}

// watch subscribes to notifications, unless the follower has a subscription.
func (f *follower) watch(ctx context.Context) {
	if f.watcher != nil {
		return
	}
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		for _, path := range f.paths {
			if failed := watcher.Add(filepath.Dir(path)); failed != nil {
				err = errors.Join(err, fmt.Errorf("watch %s: %w", filepath.Dir(path), failed))
			}
		}
		if err != nil {
			err = errors.Join(err, watcher.Close())
		}
	}
	if err != nil {
		if text := err.Error(); text != f.watchFailure {
			f.watchFailure = text
			f.logger.LogAttrs(ctx, slog.LevelWarn, "notifications of changed files are unavailable: the files are read at intervals", slog.String("error", text), slog.Duration("poll", f.poll))
		}
		return
	}
	f.watchFailure = ""
	f.watcher, f.events, f.faults = watcher, watcher.Events, watcher.Errors
}

// close ends the subscription.
func (f *follower) close() {
	if f.watcher != nil {
		_ = f.watcher.Close() // An error changes nothing: the follower has no subscription in any case.
	}
	f.watcher, f.events, f.faults = nil, nil, nil
}

// concerns reports whether an event is about one of the paths. If a directory was removed
// or renamed, the next poll watches the new directory at its path.
func (f *follower) concerns(event fsnotify.Event) bool {
	name := filepath.Clean(event.Name)
	if event.Op&(fsnotify.Remove|fsnotify.Rename) != 0 && slices.ContainsFunc(f.paths, func(path string) bool { return filepath.Dir(path) == name }) {
		f.close()
		return true
	}
	directory, base := filepath.Split(name)
	return slices.ContainsFunc(f.paths, func(path string) bool {
		if filepath.Dir(path) != filepath.Clean(directory) {
			return false
		}
		matched, err := filepath.Match(filepath.Base(path), base)
		return base == KubernetesData || base == filepath.Base(path) || err == nil && matched
	})
}
