package remote

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// A Login holds the credentials of a command: a user name with a password, or a bearer
// token. An empty Login sends no credentials.
type Login struct{ Username, Password, Bearer string }

var errSeveralLogins = errors.New("there are several credentials: use those of the URL, a user name with a password, or a bearer token")

// loginOf returns the login in a URL.
func loginOf(user *url.Userinfo) Login {
	password, _ := user.Password()
	return Login{Username: user.Username(), Password: password}
}

// logIn takes the credentials from the flags, or from the environment. password and
// bearer are the values of flags that only some commands have.
func (f *CatalogFlags) logIn(password, bearer string) (l Login, err error) {
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
		l.Bearer, err = firstValue(bearer, f.bearerFile, "")
	case !byPassword && os.Getenv(bearerVariable) != "":
		l.Bearer = os.Getenv(bearerVariable)
		if os.Getenv(PasswordVariable) != "" {
			err = errors.New(bearerVariable + " and " + PasswordVariable + " are both set: unset one of them")
		}
	default:
		return f.logInByPassword(password)
	}
	return l, err
}

func (f *CatalogFlags) logInByPassword(password string) (l Login, err error) {
	if l.Username, err = firstValue(f.username, "", UsernameVariable); err != nil {
		return Login{}, err
	}
	if l.Password, err = firstValue(password, f.passwordFile, PasswordVariable); err != nil {
		return Login{}, err
	}
	switch {
	case l.Username == "" && l.Password != "":
		l.Username = DefaultUsername
	case l.Username != "" && l.Password == "":
		err = fmt.Errorf("the password of the user %q is missing: set %s, or use --password-file", l.Username, PasswordVariable)
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
