package credential

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// resourcePrefix begins each durable.Instance.ResourceName and durable.Binding.ResourceName.
const resourcePrefix = "ob-"

// resourceLength is the length of a resource name without the prefix.
const resourceLength = 26

// identifierPrefix begins what servers have of this broker: databases, virtual hosts,
// key prefixes, roles and users.
const identifierPrefix = "ob"

// sumLength is how many characters a user name has in addition to an identifier.
const sumLength = 4

// Identifier returns a resource name as 28 lower-case letters and digits: without the
// "-", no server needs quotes, and no pattern has a special meaning.
func Identifier(resourceName string) string {
	return identifierPrefix + strings.TrimPrefix(resourceName, resourcePrefix)
}

// ResourceName is the inverse of Identifier. ok is false if the identifier does not
// belong to a resource of a broker.
func ResourceName(identifier string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(identifier, identifierPrefix)
	if !ok || len(rest) != resourceLength || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return "", false
	}
	return resourcePrefix + rest, true
}

// Username returns a user name for a resource, usually a binding: its identifier and a
// check sum, 32 lower-case letters and digits that begin with a letter. MySQL allows no
// more than 32.
func Username(resourceName string) string {
	sum := sha256.Sum256([]byte(resourceName))
	return Identifier(resourceName) + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:sumLength])
}

// ResourceOfUser is the inverse of Username. ok is false if the name is not one of
// Username's: then another program made the user.
func ResourceOfUser(username string) (name string, ok bool) {
	if len(username) != len(identifierPrefix)+resourceLength+sumLength {
		return "", false
	}
	name, ok = ResourceName(username[:len(username)-sumLength])
	return name, ok && Username(name) == username
}
