package setup

import (
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// ConfiguredKeyset loads the keyset of the configuration, or that of the data directory.
// It never creates one.
func ConfiguredKeyset(settings *config.Config, data string) (*seal.Keyring, error) {
	encryption := settings.Encryption
	if encryption == nil {
		encryption = &config.Encryption{}
	}
	return loadKeyset(encryption, KeysetPath(encryption, data), false)
}
