package scaffold

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// write writes files into a directory, which need not exist: all of them, or none. It
// never replaces anything.
func write(ctx context.Context, directory string, files []file) error {
	if _, err := os.Lstat(directory); errors.Is(err, fs.ErrNotExist) {
		return writeNew(ctx, directory, files)
	}
	switch info, err := os.Stat(directory); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is a link to nothing", directory)
	case err != nil:
		return fmt.Errorf("%s: %w", directory, reason(err))
	case !info.IsDir():
		return fmt.Errorf("%s exists, and is no directory", directory)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // A directory has nothing to flush.
	if err := checkFree(root, directory, files); err != nil {
		return err
	}
	if err := create(ctx, root, files); err != nil {
		return fmt.Errorf("write into %s: %w", directory, err)
	}
	return nil
}

// writeNew writes files into a new directory, which appears when it is complete.
func writeNew(ctx context.Context, directory string, files []file) (err error) {
	parent := filepath.Dir(directory)
	made, err := makeDirectories(parent)
	defer func() {
		if err != nil {
			err = fmt.Errorf("create %s: %w", directory, reason(err))
			for _, d := range slices.Backward(made) {
				_ = os.Remove(d) // It fails if another process has put something there.
			}
		}
	}()
	if err != nil {
		return err
	}
	// It is on the same disk, so that it can be renamed.
	staging, err := os.MkdirTemp(parent, ".init-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging) //nolint:errcheck // It is empty, or the error is worse.
	complete := filepath.Join(staging, "broker")
	if err := os.Mkdir(complete, 0o755); err != nil { //nolint:gosec // G301: the user shares it or not, by the umask.
		return err
	}
	root, err := os.OpenRoot(complete)
	if err != nil {
		return err
	}
	err = create(ctx, root, files)
	if err = errors.Join(err, root.Close()); err != nil {
		return err
	}
	return os.Rename(complete, directory) // It fails if the directory exists by now.
}

// reason returns an error without the path of a system call, which may be a temporary one.
func reason(err error) error {
	var ofPath *fs.PathError
	if errors.As(err, &ofPath) {
		return ofPath.Err
	}
	var ofLink *os.LinkError
	if errors.As(err, &ofLink) {
		return ofLink.Err
	}
	return err
}

// makeDirectories makes a directory and its parents, and returns those that it has made.
func makeDirectories(directory string) (made []string, err error) {
	err = os.Mkdir(directory, 0o755) //nolint:gosec // G301: as above.
	if errors.Is(err, fs.ErrNotExist) {
		if made, err = makeDirectories(filepath.Dir(directory)); err != nil {
			return made, err
		}
		err = os.Mkdir(directory, 0o755) //nolint:gosec // G301: as above.
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return made, nil // If it is no directory, the next step fails.
	case err != nil:
		return made, err
	default:
		return append(made, directory), nil
	}
}

// checkFree returns an error that names what the directory already has.
func checkFree(root *os.Root, directory string, files []file) error {
	var found []string
	for _, f := range files {
		// A file or a link in place of a directory is in the way, too.
		for at, c := range f.path {
			if c != '/' {
				continue
			}
			if info, err := root.Lstat(f.path[:at]); err == nil && !info.IsDir() {
				found = append(found, f.path[:at])
			}
		}
		if _, err := root.Lstat(f.path); err == nil {
			found = append(found, f.path)
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) > 0 {
		return fmt.Errorf("%s has %s already, and init replaces nothing: choose another directory", directory, strings.Join(found, ", "))
	}
	for _, f := range files {
		if filepath.Ext(f.path) != ".go" {
			continue
		}
		// Go files beside it would become part of the broker.
		others, err := fs.Glob(root.FS(), pattern(f.path))
		if err != nil {
			return err
		}
		if len(others) > 0 {
			return fmt.Errorf("%s has Go files, such as %s, which would become part of the broker: choose another directory", directory, others[0])
		}
	}
	return nil
}

// pattern matches the Go files beside a file.
func pattern(path string) string {
	if at := strings.LastIndexByte(path, '/'); at >= 0 {
		return path[:at] + "/*.go"
	}
	return "*.go"
}

// create creates files in a directory. After an error, none of them is left.
func create(ctx context.Context, root *os.Root, files []file) (err error) {
	var made []string
	writing := ""
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", writing, reason(err))
			for _, name := range slices.Backward(made) {
				_ = root.Remove(name)
			}
		}
	}()
	for _, f := range files {
		writing = f.path
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for at, c := range f.path {
			if c != '/' {
				continue
			}
			switch err := root.Mkdir(f.path[:at], 0o755); {
			case err == nil:
				made = append(made, f.path[:at])
			case !errors.Is(err, fs.ErrExist):
				return err
			}
		}
		mode := os.FileMode(0o644)
		if f.executable {
			mode = 0o755
		}
		opened, err := root.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		made = append(made, f.path)
		_, err = opened.Write(f.content)
		if err = errors.Join(err, opened.Close()); err != nil {
			return err
		}
	}
	return nil
}
