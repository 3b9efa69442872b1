package serve

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/openbroker/openbroker/app/internal/output"
)

// generatedPassword returns the password in the data directory, and generates it the
// first time. It prints the path, and a new password itself.
func generatedPassword(data, username string, stderr output.Messages) (string, error) {
	path := filepath.Join(data, "password")
	password, err := readPassword(path)
	if err == nil {
		err = stderr.Say("log in as %q with the password in %s", username, path)
		return password, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	password = rand.Text()
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", err
	}
	err = writePassword(path, password)
	if errors.Is(err, fs.ErrExist) {
		return generatedPassword(data, username, stderr) // Another process was faster.
	}
	if err != nil {
		return "", fmt.Errorf("store the password: %w", err)
	}
	err = stderr.Say("log in as %q with the password %s, which is stored in %s", username, password, path)
	return password, err
}

func readPassword(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return "", fmt.Errorf("the password file %s is open to other users (%v): run chmod 600 %s, or delete it to get a new password", path, mode, path)
	}
	content, err := os.ReadFile(path) //nolint:gosec // G304: the operator says where the data is.
	if err != nil {
		return "", err
	}
	password := strings.TrimSpace(string(content))
	if password == "" {
		return "", fmt.Errorf("the password file %s is empty: delete it to get a new password", path)
	}
	return password, nil
}

// writePassword creates the file, complete and synced, or fails if it exists.
func writePassword(path, password string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".password-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.WriteString(password + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil { // Unlike a rename, it replaces nothing.
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
