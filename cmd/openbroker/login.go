package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// A login holds the credentials of a command: a user name with a password, or a bearer
// token. An empty login sends no credentials.
type login struct{ username, password, bearer string }

var errSeveralLogins = errors.New("there are several credentials: use those of the URL, a user name with a password, or a bearer token")

// loginOf returns the login in a URL.
func loginOf(user *url.Userinfo) login {
	password, _ := user.Password()
	return login{username: user.Username(), password: password}
}

// logIn takes the credentials from the flags, or from the environment. password and
// bearer are the values of flags that only some commands have.
func (f *catalogFlags) logIn(password, bearer string) (l login, err error) {
	byPassword := f.username != "" || password != "" || f.passwordFile != ""
	byToken := bearer != "" || f.bearerFile != ""
	switch {
	case byPassword && byToken:
		err = errSeveralLogins
	case password != "" && f.passwordFile != "":
		err = errors.New("--password and --password-file exclude each other: use one of them")
	case bearer != "" && f.bearerFile != "":
		err = errors.New("--bearer and --bearer-file exclude each other: use one of them")
	case byToken:
		l.bearer, err = firstValue(bearer, f.bearerFile, "")
	case !byPassword && os.Getenv(bearerVariable) != "":
		l.bearer = os.Getenv(bearerVariable)
		if os.Getenv(passwordVariable) != "" {
			err = errors.New(bearerVariable + " and " + passwordVariable + " are both set: unset one of them")
		}
	default:
		return f.logInByPassword(password)
	}
	return l, err
}

func (f *catalogFlags) logInByPassword(password string) (l login, err error) {
	if l.username, err = firstValue(f.username, "", usernameVariable); err != nil {
		return login{}, err
	}
	if l.password, err = firstValue(password, f.passwordFile, passwordVariable); err != nil {
		return login{}, err
	}
	switch {
	case l.username == "" && l.password != "":
		l.username = defaultUsername
	case l.username != "" && l.password == "":
		err = fmt.Errorf("the password of the user %q is missing: set %s, or use --password-file", l.username, passwordVariable)
	}
	return l, err
}

// firstValue returns the value of a flag, the content of a file, or the value of an
// environment variable, in this order.
func firstValue(value, file, variable string) (string, error) {
	switch {
	case value != "":
		return value, nil
	case file == "":
		return os.Getenv(variable), nil
	}
	content, err := os.ReadFile(file) //nolint:gosec // G304: the user chooses the file.
	secret := strings.TrimRight(string(content), "\r\n")
	if err == nil && secret == "" {
		err = fmt.Errorf("%s is empty", file)
	}
	return secret, err
}
