package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeNew creates a file with mode 0600, complete or not at all. It returns
// fs.ErrExist if the file exists: a hard link has the effect of O_EXCL for a file
// that is already written.
func writeNew(path string, data []byte) error {
	temporary, err := writeTemporary(path, data, nil)
	if err != nil {
		return err
	}
	err = os.Link(temporary, path)
	if removed := os.Remove(temporary); err == nil {
		err = removed
	}
	if _, missing := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && missing == nil {
		// Another process has created the file and removed this temporary one.
		err = fs.ErrExist
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// replace replaces the content of a file atomically. The new file has mode 0600
// and the owner of the old one.
func replace(path string, data []byte, old fs.FileInfo) error {
	temporary, err := writeTemporary(path, data, old)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return syncDirectory(filepath.Dir(path))
}

// writeTemporary writes data to a new file in the directory of path and waits
// until it is on disk. The file has mode 0600 and, unless like is nil, the owner
// of like.
func writeTemporary(path string, data []byte, like fs.FileInfo) (name string, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), temporaryPrefix(path)+"*"+temporarySuffix)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(data)
	if err == nil && like != nil {
		err = matchOwner(file, like)
	}
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return file.Name(), err
}

const temporarySuffix = ".tmp"

func temporaryPrefix(path string) string { return "." + filepath.Base(path) + "." }

// removeTemporary removes temporary files of killed processes, since they contain
// keys. The caller holds the lock, so no other process is writing.
func removeTemporary(path string) error {
	directory := filepath.Dir(path)
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, temporaryPrefix(path)) && strings.HasSuffix(name, temporarySuffix) {
			err := os.Remove(filepath.Join(directory, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
