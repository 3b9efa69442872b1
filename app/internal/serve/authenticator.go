package serve

import (
	"errors"
	"os"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/server/config"
)

// credentials returns the configured authentication, or one user with a generated
// password. The environment variables replace user names and passwords; other ways to
// authenticate stay.
func credentials(settings *config.Auth, data string, stderr output.Messages) (*config.Auth, error) {
	username, password := os.Getenv(remote.UsernameVariable), os.Getenv(remote.PasswordVariable)
	switch {
	case password != "":
		if username == "" {
			username = remote.DefaultUsername
		}
		return override(settings, config.Credential{Username: username, Password: config.Secret(password)}), nil
	case settings != nil && username != "":
		return nil, errors.New(remote.UsernameVariable + " is set without " + remote.PasswordVariable + ": set both, or neither")
	case settings != nil:
		return settings, nil
	}
	if username == "" {
		username = remote.DefaultUsername
	}
	password, err := generatedPassword(data, username, stderr)
	if err != nil {
		return nil, err
	}
	return override(nil, config.Credential{Username: username, Password: config.Secret(password)}), nil
}

// override replaces all user names and passwords by one. If all belong to the same
// platform, so does the new one: otherwise it would not see their instances.
func override(settings *config.Auth, only config.Credential) *config.Auth {
	if settings == nil {
		return &config.Auth{Basic: []config.Credential{only}}
	}
	for i, c := range settings.Basic {
		if i == 0 {
			only.Platform = c.Platform
		} else if c.Platform != only.Platform {
			only.Platform = ""
			break
		}
	}
	changed := *settings
	changed.None, changed.CredentialsFile, changed.Basic = false, "", []config.Credential{only}
	return &changed
}
