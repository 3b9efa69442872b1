package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// maxFileSize is the maximum size of a credentials file, in bytes.
const maxFileSize = 1 << 20

// ParseCredentials parses the content of a credentials file; name is the file name
// for errors. Each line is a user name, a colon, and a password hash or a plain
// password, as htpasswd writes it. A line with a platform in brackets sets the
// platform of the credentials below it; credentials above the first such line
// have no platform (see [Credential]). Empty lines and lines that begin with #
// are skipped.
//
//	# rotated every quarter
//	admin:$2y$12$...
//
//	[cf-eu]
//	cc:$argon2id$v=19$m=65536,t=3,p=4$...
//	cc:the old password
//
// A secret that begins with $ or { is always read as a hash, so that a hash of an
// unsupported kind is an error and not a password. Store a password that begins
// with these characters as a hash. Spaces at either end of a line, which are easy
// to overlook, are an error.
//
// The error names the file and the line, and never repeats the line's content.
// ParseCredentials refuses everything that [NewBasic] refuses, except hashes of
// the empty password.
func ParseCredentials(name string, data []byte) ([]Credential, error) {
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("auth: %s: the file is larger than %d bytes", name, maxFileSize)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Some editors write a byte order mark.
	var credentials []Credential
	platform := ""
	seen := make(map[Credential]int)
	for number := 1; len(data) > 0; number++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		text := strings.TrimSuffix(string(line), "\r")
		fail := func(err error) ([]Credential, error) {
			return nil, fmt.Errorf("auth: %s:%d: %w", name, number, err)
		}
		switch {
		case text == "" || text[0] == '#':
			continue
		case !utf8.ValidString(text):
			return fail(errors.New("the line is not UTF-8"))
		case strings.TrimSpace(text) != text:
			return fail(errors.New("the line begins or ends with a space: remove it"))
		case text[0] == '[':
			var err error
			if platform, err = parsePlatform(text); err != nil {
				return fail(err)
			}
			continue
		}
		c, err := parseCredential(text, platform)
		if err != nil {
			return fail(err)
		}
		same := c
		same.Platform = ""
		if first, twice := seen[same]; twice {
			return fail(fmt.Errorf("the credential is the same as on line %d: remove one of them", first))
		}
		seen[same] = number
		credentials = append(credentials, c)
	}
	if len(credentials) == 0 {
		return nil, fmt.Errorf("auth: %s: the file has no credential: add a line with username:hash", name)
	}
	if len(credentials) > maxCredentials {
		return nil, fmt.Errorf("auth: %s: the file has %d credentials: at most %d are accepted", name, len(credentials), maxCredentials)
	}
	return credentials, nil
}

func parsePlatform(line string) (string, error) {
	platform, closed := strings.CutSuffix(line[1:], "]")
	switch {
	case !closed:
		return "", errors.New("the platform has no closing bracket: write [platform]")
	case platform == "" || strings.TrimSpace(platform) != platform || strings.ContainsAny(platform, "[]:") || !printable(platform):
		return "", errors.New("the platform must be a name without brackets, colons, control characters, and spaces at its ends")
	}
	return platform, nil
}

func parseCredential(line, platform string) (Credential, error) {
	username, secret, found := strings.Cut(line, ":")
	if !found {
		return Credential{}, errors.New("the line has no colon: write username:hash, or [platform]")
	}
	c := Credential{Username: username, Platform: platform}
	switch {
	case secret == "":
		return c, errors.New("the password is empty: write username:hash")
	case strings.TrimSpace(secret) != secret || strings.TrimSpace(username) != username:
		return c, errors.New("a space precedes or follows the colon: remove it")
	case secret[0] == '$' || secret[0] == '{':
		c.PasswordHash = secret
		if _, err := parsePasswordHash(secret); err != nil {
			return c, err
		}
	default:
		c.Password = secret
	}
	return c, c.validate()
}

// LoadCredentials reads a credentials file of at most 1 MiB. It returns an error
// if the file cannot be read, and the errors of [ParseCredentials], which
// describes the format.
func LoadCredentials(path string) ([]Credential, error) {
	data, err := readCredentials(path)
	if err != nil {
		return nil, err
	}
	return ParseCredentials(path, data)
}

func readCredentials(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // The path is the operator's.
	if err != nil {
		return nil, fmt.Errorf("auth: cannot read the credentials file: %w", err)
	}
	defer file.Close() //nolint:errcheck // The file was only read.
	data, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("auth: cannot read the credentials file: %w", err)
	}
	return data, nil
}
