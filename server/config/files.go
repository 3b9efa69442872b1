package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server"
)

// CheckFiles checks every file that the configuration names, except the catalog and
// the store: whether it is usable, and whether other users have access to secrets. It
// changes nothing. The error is [Errors].
//
// It refuses files with secrets that other users can change or all users can read:
// the configuration itself if it contains a secret, files that secrets are read from,
// the TLS key and the credentials file. It accepts files that their group can read,
// and files that Kubernetes or Docker mounts, because only the container sees them. A
// keyset file must be accessible only to its owner, see package seal.
func (c *Config) CheckFiles() error {
	problems := collect(c.document)
	if c.document != nil && len(c.document.Literals) > 0 {
		if err := checkSecretFile(c.document.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems.report(c.document.Literals[0], "has a secret: %v", err)
		}
	}
	if c.document != nil {
		for _, file := range c.document.Files {
			if err := checkSecretFile(file.Name); err != nil {
				problems.report(file.Path, "has a secret: %v", err)
			}
		}
	}
	c.checkTLS(problems.report)
	if c.Auth != nil && c.Auth.CredentialsFile != "" {
		path := string(c.Auth.CredentialsFile)
		if err := checkSecretFile(path); err != nil {
			problems.report("auth.credentials_file", "%v", err)
		} else if _, err := auth.LoadBasic(path); err != nil {
			problems.report("auth.credentials_file", "is not usable: %v", plain(err))
		}
	}
	if e := c.Encryption; e != nil && e.KeysetFile != "" {
		if _, err := e.Load(string(e.KeysetFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems.report("encryption.keyset_file", "is not usable: %v", plain(err))
		}
	}
	if c.document != nil && hasKey(c.document.Places, "data") {
		if err := CheckDirectory(string(c.Data)); err != nil {
			problems.report("data", "%v", err)
		}
	}
	if c.document != nil {
		for _, directory := range c.document.Directories {
			if err := CheckDirectory(directory.Name); err != nil {
				problems.report(directory.Path, "%v", err)
			}
		}
	}
	c.checkProviderFiles(problems.report)
	return problems.err()
}

// Load loads the keyset file at path with the options of the section. It does not
// generate one.
func (e *Encryption) Load(path string) (*seal.Keyring, error) {
	ring, err := seal.Load(path, e.Options()...)
	if errors.Is(err, seal.ErrPermissions) && !e.GroupRead {
		err = fmt.Errorf("%w; if it is a mounted secret that only the group of the broker can read, set encryption.group_read", err)
	}
	return ring, err
}

// Options returns the options for package seal.
func (e *Encryption) Options() []seal.Option {
	if e.GroupRead {
		return []seal.Option{seal.AllowGroupRead()}
	}
	return nil
}

// tlsKeys maps the fields of [server.TLS] to the keys of the configuration file.
var tlsKeys = map[string]string{"CertFile": "tls.cert", "KeyFile": "tls.key", "ClientCAFile": "tls.client_ca"}

func (c *Config) checkTLS(report reporter) {
	if c.TLS == nil {
		return
	}
	if err := checkSecretFile(string(c.TLS.Key)); err != nil {
		report("tls.key", "%v", err)
		return
	}
	err := c.ServerConfig().TLS.CheckFiles()
	var failed *server.TLSFileError
	if errors.As(err, &failed) {
		report(tlsKeys[failed.Field], "%v", failed.Err)
	}
}

// checkSecretFile returns an error if a file with secrets cannot be read or is
// accessible to other users.
func checkSecretFile(path string) error {
	info, err := os.Stat(path)
	var failed *fs.PathError
	switch {
	case errors.As(err, &failed):
		return fmt.Errorf("%s cannot be read: %w", path, failed.Err)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	default:
		return checkMode(path, info)
	}
}

// CheckDirectory returns an error if path is not a directory, or if all users can
// write to it. The directory need not exist: the command makes it with mode 0700.
func CheckDirectory(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	default:
		return checkDirectoryMode(path, info)
	}
}
