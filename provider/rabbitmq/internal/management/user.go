package management

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// The tags with a meaning for the server.
const (
	// TagAdministrator allows everything.
	TagAdministrator = "administrator"
	// TagManagement allows to use the management UI and API for one's own virtual hosts.
	TagManagement = "management"
)

// Tags are the tags of a user. Servers before 3.9 write them as one text.
type Tags []string

// UnmarshalJSON reads a list, or a text with commas.
func (t *Tags) UnmarshalJSON(text []byte) error {
	var list []string
	if len(text) > 0 && text[0] == '"' {
		var joined string
		if err := json.Unmarshal(text, &joined); err != nil {
			return err
		}
		list = strings.FieldsFunc(joined, func(r rune) bool { return r == ',' || r == ' ' })
	} else if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	*t = list
	return nil
}

// Has reports whether a tag is there.
func (t Tags) Has(tag string) bool { return slices.Contains(t, tag) }

// A User is an account of the server.
type User struct {
	Name             string `json:"name"`
	PasswordHash     string `json:"password_hash"`
	HashingAlgorithm string `json:"hashing_algorithm"`
	Tags             Tags   `json:"tags"`
}

// Whoami returns the name and the tags of the client's own account.
func (c *Client) Whoami(ctx context.Context) (User, error) {
	var user User
	return user, c.call(ctx, http.MethodGet, to("whoami"), nil, &user)
}

// User returns a user. ok is false if there is none.
func (c *Client) User(ctx context.Context, name string) (user User, ok bool, err error) {
	err = c.call(ctx, http.MethodGet, to("users", name), nil, &user)
	if Status(err) == http.StatusNotFound {
		return User{}, false, nil
	}
	return user, err == nil, err
}

// PutUser creates or changes a user. The hash is always sent: the server takes a request
// without one as a wish for a user without a password.
func (c *Client) PutUser(ctx context.Context, user User) error {
	body := map[string]string{
		"password_hash":     user.PasswordHash,
		"hashing_algorithm": user.HashingAlgorithm,
		"tags":              strings.Join(user.Tags, ","),
	}
	return c.call(ctx, http.MethodPut, to("users", user.Name), body, nil)
}

// DeleteUser deletes a user with its permissions and limits. The server closes the
// connections of the user.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	return gone(c.call(ctx, http.MethodDelete, to("users", name), nil, nil))
}

// UsersWithTag returns the names of the users that have a tag.
func (c *Client) UsersWithTag(ctx context.Context, tag string) ([]string, error) {
	// 3.10 has no pages of users.
	var users []User
	if err := c.call(ctx, http.MethodGet, to("users").with("columns", "name,tags"), nil, &users); err != nil {
		return nil, err
	}
	var names []string
	for _, user := range users {
		if user.Tags.Has(tag) {
			names = append(names, user.Name)
		}
	}
	return names, nil
}

// CloseConnections closes what connections a user has.
func (c *Client) CloseConnections(ctx context.Context, username string) error {
	return gone(c.call(ctx, http.MethodDelete, to("connections", "username", username), nil, nil))
}

// Connections returns how many connections a user has. It is 0 on servers before 3.9,
// which do not know.
func (c *Client) Connections(ctx context.Context, username string) (int, error) {
	var connections []struct{}
	err := c.call(ctx, http.MethodGet, to("connections", "username", username).with("columns", "name"), nil, &connections)
	return len(connections), gone(err)
}
