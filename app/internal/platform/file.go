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

// directoryVariable overrides the directory of targets and records.
const directoryVariable = "OPENBROKER_HOME"

func directory() (string, error) {
	if chosen := os.Getenv(directoryVariable); chosen != "" {
		return chosen, nil
	}
	base, err := os.UserConfigDir()
	if err != nil {
		return "", usage("find the directory of targets: set %s (%w)", directoryVariable, err)
	}
	return filepath.Join(base, "openbroker"), nil
}

// A document is a JSON file that several commands may change concurrently.
type document[T any] struct{ path string }

// read returns the content, or the zero value if the file is missing.
func (d document[T]) read() (T, error) {
	var content T
	text, err := os.ReadFile(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return content, nil
	case err != nil:
		return content, fmt.Errorf("read the record of earlier commands: %w", err)
	}
	err = json.Unmarshal(text, &content)
	if checked, ok := any(&content).(interface{ check() error }); ok && err == nil {
		err = checked.check()
	}
	if err != nil {
		return content, fmt.Errorf("%s is damaged: repair it or move it away: %w", d.path, err)
	}
	return content, nil
}

// change reads the content, calls edit and writes the content back. A lock file makes
// sure that concurrent commands lose no change. Nothing is written if edit fails or
// changes nothing.
func (d document[T]) change(ctx context.Context, edit func(*T) error) error {
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return fmt.Errorf("write the record: %w", err)
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
		return fmt.Errorf("write the record: %w", err)
	}
	return nil
}

// replace writes a file completely or not at all. Only its owner can read it.
func replace(path string, content []byte) error {
	// CreateTemp sets the mode 0600, and chooses a unique name.
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
