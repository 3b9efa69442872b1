package sqlitefile

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	_ "modernc.org/sqlite" // the driver that creates the files

	"github.com/openbroker/openbroker/durable"
)

// A directory contains the instances:
//
//	ob-.../database.sqlite   the database of an instance
//	ob-.../bindings/ob-...   a link to the database for each binding
//	.new-ob-...-X            an instance that is being created
//	.old-ob-...-X            an instance that is being deleted
type directory string

const (
	databaseName = "database.sqlite"
	bindingsName = "bindings"
	newPrefix    = ".new-"
	oldPrefix    = ".old-"
)

var instanceName = regexp.MustCompile(`^ob-[a-z2-7]{26}$`)

func (d directory) path(elements ...string) string {
	return filepath.Join(append([]string{string(d)}, elements...)...)
}

// has reports whether an instance with the name exists.
func (d directory) has(name string) (bool, error) {
	_, err := os.Stat(d.path(name, databaseName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// create creates an instance. The instance is complete and on disk before it gets its
// name. The rename fails if the name exists, so that a slow attempt cannot replace a
// database in use. create deletes the remains of killed attempts after the rename:
// before it, they could belong to a running attempt, which would then rename an
// incomplete directory.
func (d directory) create(ctx context.Context, name string) error {
	unnamed := d.path(newPrefix + name + "-" + rand.Text())
	if err := os.MkdirAll(filepath.Join(unnamed, bindingsName), 0o700); err != nil {
		return err
	}
	err := createDatabase(ctx, filepath.Join(unnamed, databaseName))
	if err == nil {
		err = errors.Join(syncDirectory(unnamed), ctx.Err())
	}
	if err == nil {
		err = os.Rename(unnamed, d.path(name))
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(unnamed))
		if exists, _ := d.has(name); exists {
			return d.sync() // Another attempt was faster.
		}
		return err
	}
	return errors.Join(d.sync(), d.sweep(newPrefix+name))
}

// remove deletes an instance and the remains of attempts to create or delete it.
func (d directory) remove(name string) error {
	err := os.Rename(d.path(name), d.path(oldPrefix+name+"-"+rand.Text()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.sync(); err != nil {
		return err
	}
	return errors.Join(d.sweep(oldPrefix+name), d.sweep(newPrefix+name))
}

// sweep deletes the directories with a prefix.
func (d directory) sweep(prefix string) error {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return err
	}
	var problems []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix+"-") {
			problems = append(problems, os.RemoveAll(d.path(entry.Name())))
		}
	}
	return errors.Join(problems...)
}

// size returns the size of the database file in bytes.
func (d directory) size(name string) (int64, error) {
	info, err := os.Stat(d.path(name, databaseName))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// link creates a link to the database and returns its path. SQLite resolves the link
// before it names its journal, so all clients share one journal.
func (d directory) link(instance, binding string) (string, error) {
	path := d.path(instance, bindingsName, binding)
	err := os.Symlink(filepath.Join("..", databaseName), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return path, syncDirectory(filepath.Dir(path))
}

// unlink deletes the link.
func (d directory) unlink(instance, binding string) error {
	path := d.path(instance, bindingsName, binding)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := syncDirectory(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // The instance was deleted, including its bindings.
	}
	return err
}

// names yields the names of the instances.
func (d directory) names(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := os.ReadDir(string(d))
		if err != nil {
			yield("", err)
			return
		}
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if entry.IsDir() && instanceName.MatchString(entry.Name()) && !yield(entry.Name(), nil) {
				return
			}
		}
	}
}

func (d directory) sync() error { return syncDirectory(string(d)) }

// createDatabase creates an empty database. An empty file is a valid database, too,
// but its first client could choose another page size and so change the quota.
func createDatabase(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // G304: the name is a hash below the operator's directory.
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, "mode=rw", "_pragma=page_size("+strconv.Itoa(PageSize)+")", "_pragma=synchronous(FULL)"))
	if err != nil {
		return err
	}
	if _, err = db.ExecContext(ctx, "VACUUM"); err != nil { // VACUUM writes the header.
		// The error does not say whether the cause is temporary.
		err = durable.Retryable(fmt.Errorf("initialize the database: %w", err), 0)
	}
	return errors.Join(err, db.Close())
}

// syncDirectory syncs the entries of a directory to disk.
func syncDirectory(path string) error {
	file, err := os.Open(path) //nolint:gosec // G304: the name is a hash below the operator's directory.
	if err != nil {
		return err
	}
	err = file.Sync()
	if errors.Is(err, syscall.EINVAL) {
		err = nil // The file system does not support it.
	}
	return errors.Join(err, file.Close())
}
