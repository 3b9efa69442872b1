package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// A login is how a command logs in to a broker: with a user name and a password,
// or with a bearer token. Empty, it does not log in.
type login struct{ username, password, bearer string }

var errSeveralLogins = errors.New("there are several credentials: give those of the URL, a user name with a password, or a bearer token")

// loginOf is the login of a URL.
func loginOf(user *url.Userinfo) login {
	password, _ := user.Password()
	return login{username: user.Username(), password: password}
}

// logIn takes the credentials from the flags and from the values of flags that only
// some commands have, and otherwise from the environment.
func (f *catalogFlags) logIn(password, bearer string) (l login, err error) {
	byPassword := f.username != "" || password != "" || f.passwordFile != ""
	byToken := bearer != "" || f.bearerFile != ""
	switch {
	case byPassword && byToken:
		err = errSeveralLogins
	case password != "" && f.passwordFile != "":
		err = errors.New("--password and --password-file are both given: which one?")
	case bearer != "" && f.bearerFile != "":
		err = errors.New("--bearer and --bearer-file are both given: which one?")
	case byToken:
		l.bearer, err = given(bearer, f.bearerFile, "")
	case !byPassword && os.Getenv(bearerVariable) != "":
		l.bearer = os.Getenv(bearerVariable)
		if os.Getenv(passwordVariable) != "" {
			err = errors.New(bearerVariable + " and " + passwordVariable + " are both set: which one?")
		}
	default:
		return f.logInByPassword(password)
	}
	return l, err
}

func (f *catalogFlags) logInByPassword(password string) (l login, err error) {
	if l.username, err = given(f.username, "", usernameVariable); err != nil {
		return login{}, err
	}
	if l.password, err = given(password, f.passwordFile, passwordVariable); err != nil {
		return login{}, err
	}
	switch {
	case l.username == "" && l.password != "":
		l.username = defaultUsername
	case l.username != "" && l.password == "":
		err = fmt.Errorf("there is no password for the user %q: set %s, or use --password-file", l.username, passwordVariable)
	}
	return l, err
}

// given is the value of a flag, or what is in the file of another one, or else
// in an environment variable.
func given(value, file, variable string) (string, error) {
	switch {
	case value != "":
		return value, nil
	case file == "":
		return os.Getenv(variable), nil
	}
	content, err := os.ReadFile(file) //nolint:gosec // G304: the user says where the secret is.
	secret := strings.TrimRight(string(content), "\r\n")
	if err == nil && secret == "" {
		err = fmt.Errorf("%s is empty", file)
	}
	return secret, err
}
