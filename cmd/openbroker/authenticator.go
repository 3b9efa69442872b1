package main

import (
	"errors"
	"io"
	"os"

	"github.com/openbroker/openbroker/server/config"
)

// The environment variables that override the configured credentials.
const (
	usernameVariable = "OPENBROKER_USERNAME"
	passwordVariable = "OPENBROKER_PASSWORD"
)

// credentials returns the configured authentication, or one user with a generated
// password. The environment variables replace user names and passwords; other ways to
// authenticate stay.
func credentials(settings *config.Auth, data string, stderr io.Writer) (*config.Auth, error) {
	username, password := os.Getenv(usernameVariable), os.Getenv(passwordVariable)
	switch {
	case password != "":
		if username == "" {
			username = defaultUsername
		}
		return override(settings, config.Credential{Username: username, Password: config.Secret(password)}), nil
	case settings != nil && username != "":
		return nil, errors.New(usernameVariable + " is set without " + passwordVariable + ": set both, or neither")
	case settings != nil:
		return settings, nil
	}
	if username == "" {
		username = defaultUsername
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
