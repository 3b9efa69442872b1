package main

import (
	"path/filepath"

	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// configuredKeyset loads the keyset that the configuration names, or that of the
// data directory. It never makes one.
func configuredKeyset(settings *config.Config, data string) (*seal.Keyring, error) {
	encryption := settings.Encryption
	if encryption == nil {
		encryption = &config.Encryption{}
	}
	path := string(encryption.KeysetFile)
	if path == "" && encryption.Keyset == "" {
		path = filepath.Join(data, "keyset.json")
	}
	return loadKeyset(encryption, path, false)
}
