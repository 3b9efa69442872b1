package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeNew makes a file that was not there: complete, with mode 0600, or not at
// all. A hard link does what O_EXCL does, for a file that is already written.
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
		// Another process made the file and tidied up after it.
		err = fs.ErrExist
	}
	if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// replace swaps the content of a file for another: readers see one or the other.
// The new file has mode 0600 and the owner of the old one.
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

// writeTemporary writes data to a new file beside path, with mode 0600 and the
// owner of like if that is given, and waits until it is on disk.
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

// removeTemporary removes what killed processes left behind, since it contains
// keys. The caller holds the lock, so that no other one is writing.
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
