package management

import (
	"context"
	"net/http"
)

// A Permission is what a user may do in a virtual host: regular expressions for the
// names of what it may configure, write to and read from.
type Permission struct {
	User      string `json:"user,omitempty"`
	Configure string `json:"configure"`
	Write     string `json:"write"`
	Read      string `json:"read"`
}

// A TopicPermission is which routing keys a user may use with a topic exchange.
type TopicPermission struct {
	Exchange string `json:"exchange"`
	Write    string `json:"write"`
	Read     string `json:"read"`
}

// PutPermission sets the permission of a user.
func (c *Client) PutPermission(ctx context.Context, vhost string, permission Permission) error {
	user := permission.User
	permission.User = ""
	return c.call(ctx, http.MethodPut, to("permissions", vhost, user), permission, nil)
}

// PutTopicPermission sets the permission of a user for one exchange.
func (c *Client) PutTopicPermission(ctx context.Context, vhost, username string, permission TopicPermission) error {
	return c.call(ctx, http.MethodPut, to("topic-permissions", vhost, username), permission, nil)
}

// DeletePermission removes the permission of a user.
func (c *Client) DeletePermission(ctx context.Context, vhost, username string) error {
	return gone(c.call(ctx, http.MethodDelete, to("permissions", vhost, username), nil, nil))
}

// Permissions returns the permissions in a virtual host. One that does not exist has
// none.
func (c *Client) Permissions(ctx context.Context, vhost string) ([]Permission, error) {
	var permissions []Permission
	err := c.call(ctx, http.MethodGet, to("vhosts", vhost, "permissions"), nil, &permissions)
	return permissions, gone(err)
}
