package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/filewatch"
)

// A Watcher applies changes of catalog files to a running broker. Path, Current and
// Apply are required.
type Watcher struct {
	// Path is the file or the directory.
	Path string
	// Current is the catalog that the broker serves when Watch begins.
	Current *openbroker.Catalog
	// Load returns the catalog to serve; [Load] of Path by default. Nothing else may use
	// the catalog.
	Load func() (*openbroker.Catalog, error)
	// Apply replaces the served catalog; changes are the differences. If it returns an
	// error, the former catalog stays in use, and Watch calls Apply again at the next
	// poll.
	Apply func(ctx context.Context, next *openbroker.Catalog, changes []Change) error
	// Logger logs changes and errors; slog.Default() by default.
	Logger *slog.Logger
	// Poll is how often the files are read without a notification, as on NFS; 30 s by
	// default.
	Poll time.Duration
	// Settle is how long the files must stay the same before Watch applies them, so that
	// it ignores half-written files; 200 ms by default.
	Settle time.Duration
}

// Watch applies changes until ctx ends, and then returns nil. It returns an error
// immediately if a field is missing.
//
// The files may be written in place, replaced by a rename, or swapped by Kubernetes. If
// they are invalid, or Apply refuses them, the last good catalog stays. Watch logs each
// error once.
func (w *Watcher) Watch(ctx context.Context) error {
	if w.Path == "" || w.Current == nil || w.Apply == nil {
		return errors.New("catalog: Watcher.Path, Current and Apply are required")
	}
	state, err := newWatch(w) //nolint:contextcheck // What it warns of is no part of a call.
	if err != nil {
		return err
	}
	filewatch.Follow(ctx, state.paths(), state.Poll, state.reload, state.Logger)
	return nil
}

const (
	defaultPoll   = 30 * time.Second
	defaultSettle = 200 * time.Millisecond
	// maxLoggedChanges bounds the differences that are logged for one changed catalog.
	maxLoggedChanges = 100
)

// A watch is the state of one call of Watch.
type watch struct {
	Watcher
	serving [sha256.Size]byte
	// seen is the digest of the last catalog or error that stayed the same for Settle.
	seen [sha256.Size]byte
	// refused says that the files differ from the served catalog and cannot replace it.
	refused bool
	// warned has the warnings of the last read.
	warned map[string]bool
}

// warnOnce returns a function that logs the warnings that the last read did not have;
// done ends the read.
func (w *watch) warnOnce() (warn func(Finding), done func(error)) {
	found := map[string]bool{}
	warn = func(f Finding) {
		text := f.String()
		if !w.warned[text] && !found[text] {
			w.Logger.LogAttrs(context.Background(), slog.LevelWarn, "a field of the catalog has no effect", slog.String("finding", text))
		}
		found[text] = true
	}
	return warn, func(err error) {
		if err == nil {
			w.warned = found
		}
	}
}

func newWatch(w *Watcher) (*watch, error) {
	state := &watch{Watcher: *w}
	if state.Load == nil {
		state.Load = func() (*openbroker.Catalog, error) {
			warn, done := state.warnOnce()
			c, err := Load(w.Path, warn)
			done(err)
			return c, err
		}
	}
	if state.Logger == nil {
		state.Logger = slog.Default()
	}
	if state.Poll <= 0 {
		state.Poll = defaultPoll
	}
	if state.Settle <= 0 {
		state.Settle = defaultSettle
	}
	state.Logger = state.Logger.With(slog.String("path", w.Path))
	var err error
	state.serving, err = digest(w.Current)
	return state, err
}

// paths returns the patterns of the files that may be parts of the catalog, with schemas
// next to it.
func (w *watch) paths() []string {
	directory := w.Path
	var paths []string
	if info, err := os.Stat(w.Path); err != nil || !info.IsDir() {
		directory = filepath.Dir(w.Path)
		paths = append(paths, w.Path)
	}
	for _, extension := range []string{"[yY][aA][mM][lL]", "[yY][mM][lL]", "[jJ][sS][oO][nN]"} {
		paths = append(paths, filepath.Join(directory, "*."+extension))
	}
	return paths
}

// digest returns the same value for equal catalogs.
func digest(c *openbroker.Catalog) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal(c)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("catalog: %w", err)
	}
	return sha256.Sum256(encoded), nil
}

// read returns the catalog of the files, with the digest of it or of the error.
func (w *watch) read() (*openbroker.Catalog, [sha256.Size]byte, error) {
	next, err := w.Load()
	if err == nil {
		var sum [sha256.Size]byte
		if sum, err = digest(next); err == nil {
			return next, sum, nil
		}
	}
	return nil, sha256.Sum256([]byte(err.Error())), err
}

// reload applies the catalog of the files once it stays the same for Settle.
func (w *watch) reload(ctx context.Context) error {
	next, sum, err := w.read()
	for sum != w.serving && sum != w.seen {
		w.seen = sum
		settled := time.NewTimer(w.Settle)
		select {
		case <-ctx.Done():
			settled.Stop()
			return nil
		case <-settled.C:
		}
		next, sum, err = w.read()
	}
	w.seen = sum
	if err != nil {
		w.refused = true
		return &filewatch.RefusedError{Message: "the changed catalog cannot be used: the former one stays", Err: errors.New(brieflyAll(err))}
	}
	if sum == w.serving {
		if w.refused {
			w.Logger.LogAttrs(ctx, slog.LevelInfo, "the catalog files match the served catalog again")
		}
		w.refused = false
		return nil
	}
	return w.apply(ctx, next, sum)
}

func (w *watch) apply(ctx context.Context, next *openbroker.Catalog, sum [sha256.Size]byte) error {
	changes := Diff(w.Current, next)
	if err := w.Apply(ctx, next, changes); err != nil {
		w.refused = true
		return &filewatch.RefusedError{Message: "the changed catalog is refused: the former one stays", Err: errors.New(brieflyAll(err))}
	}
	w.Current, w.serving, w.refused = next, sum, false
	counts := map[Impact]int{}
	for i := range changes {
		counts[changes[i].Impact]++
	}
	w.Logger.LogAttrs(ctx, slog.LevelInfo, "the catalog has changed",
		slog.Int("breaking", counts[ImpactBreaking]), slog.Int("attention", counts[ImpactAttention]), slog.Int("compatible", counts[ImpactCompatible]))
	for i := range changes[:min(len(changes), maxLoggedChanges)] {
		level := slog.LevelInfo
		if changes[i].Breaking() {
			level = slog.LevelWarn
		}
		w.Logger.LogAttrs(ctx, level, "a change of the catalog", slog.String("impact", string(changes[i].Impact)), slog.String("kind", string(changes[i].Kind)),
			slog.String("service_id", changes[i].ServiceID), slog.String("plan_id", changes[i].PlanID), slog.String("at", changes[i].Pointer), slog.String("change", changes[i].Message))
	}
	return nil
}

// brieflyAll returns an error in one line, with the positions of all findings.
func brieflyAll(err error) string {
	const most = 20
	var findings Errors
	if !errors.As(err, &findings) {
		return err.Error()
	}
	groups := grouped(findings)
	texts := make([]string, 0, most+1)
	for _, g := range groups[:min(len(groups), most)] {
		text := g.first.String()
		if others := g.others(); others != "" {
			text += ", also " + others
		}
		texts = append(texts, text)
	}
	if len(groups) > most {
		texts = append(texts, fmt.Sprintf("and %d more", len(groups)-most))
	}
	return strings.Join(texts, "; ")
}
