package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// directoryVariable names the directory of targets and records.
const directoryVariable = "OPENBROKER_HOME"

func directory() (string, error) {
	if chosen := os.Getenv(directoryVariable); chosen != "" {
		return chosen, nil
	}
	base, err := os.UserConfigDir()
	if err != nil {
		return "", usage("no directory to keep targets in: set %s (%w)", directoryVariable, err)
	}
	return filepath.Join(base, "openbroker"), nil
}

// A document is a JSON file that several commands may change at once.
type document[T any] struct{ path string }

// read returns the content, or the zero value if there is no file.
func (d document[T]) read() (T, error) {
	var content T
	text, err := os.ReadFile(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return content, nil
	case err != nil:
		return content, fmt.Errorf("read what earlier commands have made: %w", err)
	}
	err = json.Unmarshal(text, &content)
	if checked, ok := any(&content).(interface{ check() error }); ok && err == nil {
		err = checked.check()
	}
	if err != nil {
		return content, fmt.Errorf("%s is damaged; mend it or move it away: %w", d.path, err)
	}
	return content, nil
}

// change reads the content, lets edit change it and writes it back, under a lock of
// its own file, so that commands that run at once lose nothing. Nothing is written
// if edit fails or changes nothing.
func (d document[T]) change(ctx context.Context, edit func(*T) error) error {
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return fmt.Errorf("keep what was made: %w", err)
	}
	lock := flock.New(d.path + ".lock")
	locked, err := lock.TryLockContext(ctx, 20*time.Millisecond)
	if err != nil || !locked {
		return fmt.Errorf("lock %s: %w", d.path, errors.Join(err, ctx.Err()))
	}
	defer func() { _ = lock.Unlock() }()
	content, err := d.read()
	if err != nil {
		return err
	}
	before, err := encode(content)
	if err != nil {
		return err
	}
	if err := edit(&content); err != nil {
		return err
	}
	after, err := encode(content)
	if err != nil || string(after) == string(before) {
		return err
	}
	if err := replace(d.path, after); err != nil {
		return fmt.Errorf("keep what was made: %w", err)
	}
	return nil
}

// replace writes a file whole or not at all. Only its owner can read it.
func replace(path string, content []byte) error {
	// CreateTemp makes it 0600, with a name that no other process has.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// encode returns the text of a document.
func encode(content any) ([]byte, error) {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
