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
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/filewatch"
)

// A Watcher takes over changes of catalog files while a broker runs. Path, Current
// and Apply are needed.
type Watcher struct {
	// Path is the file or the directory.
	Path string
	// Current is the catalog that is served when Watch begins.
	Current *openbroker.Catalog
	// Load returns the catalog to serve; [Load] of Path by default. Nothing else may use
	// the catalog.
	Load func() (*openbroker.Catalog, error)
	// Apply begins to serve a catalog, and is told what is different in it. If it
	// returns an error, the former catalog stays, and Apply is asked again at the
	// next poll, since its reason may have gone.
	Apply func(ctx context.Context, next *openbroker.Catalog, changes []Change) error
	// Logger receives what happens; slog.Default() by default.
	Logger *slog.Logger
	// Poll is how often the files are read although nothing tells that they have
	// changed, as on NFS; 30 s by default.
	Poll time.Duration
	// Settle is how long the files have to stay the same before they are taken
	// over, so that none is that is still being written; 200 ms by default.
	Settle time.Duration
}

// Watch takes over changes until ctx ends, and then returns nil. It returns an error
// at once if a field is missing.
//
// The files may be written in place, renamed over, or swapped by Kubernetes. What
// cannot be read, is wrong, or is refused by Apply, is logged once, and again when
// it is something else; the last good catalog stays.
func (w *Watcher) Watch(ctx context.Context) error {
	if w.Path == "" || w.Current == nil || w.Apply == nil {
		return errors.New("catalog: a path, a current catalog and a function to apply others are needed to watch")
	}
	state, err := newWatch(w) //nolint:contextcheck // What it warns of is no part of a call.
	if err != nil {
		return err
	}
	state.run(ctx)
	return nil
}

const (
	defaultPoll   = 30 * time.Second
	defaultSettle = 200 * time.Millisecond
	// maxLoggedChanges bounds how much of a change is logged.
	maxLoggedChanges = 100
)

// A watch is a Watcher at work.
type watch struct {
	Watcher
	serving [sha256.Size]byte
	// seen is what was read last: the digest of a catalog, or of an error. It is
	// dealt with once it is settled: it is still so after Settle.
	seen    [sha256.Size]byte
	settled bool
	// told is the error that was logged last, blind the one about notifications.
	told, blind string
	// warned are the warnings about the files as they were read last.
	warned map[string]bool
}

// warnOnce returns what logs warnings that the last reading did not bring; done, with
// the error of the reading, ends it.
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

// digest is the same for the same catalog.
func digest(c *openbroker.Catalog) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal(c)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("catalog: %w", err)
	}
	return sha256.Sum256(encoded), nil
}

func (w *watch) run(ctx context.Context) {
	poll := time.NewTicker(w.Poll)
	defer poll.Stop()
	settle := time.NewTimer(0)
	defer settle.Stop()
	var changes <-chan struct{}
	for {
		if changes == nil {
			changes = w.notifications(ctx)
		}
		due := false
		select {
		case <-ctx.Done():
			return
		case _, open := <-changes:
			if !open {
				// The directory is gone. It may come back: until then, polls find out.
				changes = nil
				select {
				case <-ctx.Done():
					return
				case <-poll.C:
				}
			}
			w.seen = [sha256.Size]byte{} // It may still be being written.
		case <-poll.C:
		case <-settle.C:
			due = true
		}
		if w.look(ctx, due) {
			settle.Reset(w.Settle)
		}
	}
}

// notifications returns nil if there are none: then there are the polls.
func (w *watch) notifications(ctx context.Context) <-chan struct{} {
	directory, base := w.Path, ""
	if info, err := os.Stat(w.Path); err != nil || !info.IsDir() {
		directory, base = filepath.Split(w.Path)
		if directory == "" {
			directory = "."
		}
	}
	changes, err := filewatch.Changes(ctx, directory, func(name string) bool {
		// Files of a catalog refer to others for schemas.
		return name == base || slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
	})
	if err != nil {
		if err.Error() != w.blind {
			w.blind = err.Error()
			w.Logger.LogAttrs(ctx, slog.LevelWarn, "the catalog is only looked at from time to time", slog.String("error", w.blind), slog.Duration("poll", w.Poll))
		}
		return nil
	}
	w.blind = ""
	return changes
}

// look reads the files; due says that Settle is over. It reports whether to look again
// soon, to see whether they stay as they are.
func (w *watch) look(ctx context.Context, due bool) (again bool) {
	next, err := w.Load()
	var sum [sha256.Size]byte
	if err == nil {
		sum, err = digest(next)
	}
	if err != nil {
		sum = sha256.Sum256([]byte(err.Error()))
	}
	if err == nil && sum == w.serving {
		if w.seen != sum && w.told != "" {
			w.Logger.LogAttrs(ctx, slog.LevelInfo, "the catalog files are again what is served")
		}
		w.seen, w.told = sum, ""
		return false
	}
	if sum != w.seen {
		w.seen, w.settled = sum, false
		return true
	}
	if w.settled = w.settled || due; !w.settled {
		return false
	}
	if err != nil {
		if text, news := w.news(err); news {
			w.Logger.LogAttrs(ctx, slog.LevelError, "the changed catalog cannot be used: the former one stays", slog.String("error", text))
		}
		return false
	}
	w.apply(ctx, next, sum)
	return false
}

func (w *watch) apply(ctx context.Context, next *openbroker.Catalog, sum [sha256.Size]byte) {
	changes := Diff(w.Current, next)
	if err := w.Apply(ctx, next, changes); err != nil {
		if text, news := w.news(err); news && ctx.Err() == nil {
			w.Logger.LogAttrs(ctx, slog.LevelError, "the changed catalog is refused: the former one stays", slog.String("error", text))
		}
		return
	}
	w.Current, w.serving, w.told = next, sum, ""
	counts := map[Impact]int{}
	for i := range changes {
		counts[changes[i].Impact]++
	}
	w.Logger.LogAttrs(ctx, slog.LevelInfo, "the catalog has changed",
		slog.Int("breaking", counts[Breaking]), slog.Int("attention", counts[Attention]), slog.Int("compatible", counts[Compatible]))
	for i := range changes[:min(len(changes), maxLoggedChanges)] {
		level := slog.LevelInfo
		if changes[i].Breaking() {
			level = slog.LevelWarn
		}
		w.Logger.LogAttrs(ctx, level, "a change of the catalog", slog.String("impact", string(changes[i].Impact)), slog.String("kind", string(changes[i].Kind)),
			slog.String("service_id", changes[i].ServiceID), slog.String("plan_id", changes[i].PlanID), slog.String("at", changes[i].Pointer), slog.String("change", changes[i].Message))
	}
}

// news returns the text of an error, and whether it is another one than the last.
func (w *watch) news(err error) (text string, news bool) {
	text = brieflyAll(err)
	news = text != w.told
	w.told = text
	return text, news
}

// brieflyAll is an error in one line, with the positions of all findings.
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
