package postgres

import (
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// The ends of the names of an instance's roles.
const (
	ownerSuffix  = "_owner"
	readerSuffix = "_reader"
)

// names are those of an instance on the server. All have fewer than 63 bytes, which is
// where PostgreSQL cuts names.
type names struct {
	// resource is the resource name.
	resource string
	// home is the name of its database or schema.
	home string
	// owner and reader are roles without login.
	owner, reader string
}

func namesOf(instance durable.Instance) names {
	home := credential.Identifier(instance.ResourceName())
	return names{resource: instance.ResourceName(), home: home, owner: home + ownerSuffix, reader: home + readerSuffix}
}

// loginOf returns the name of the login role of a binding.
func loginOf(binding durable.Binding) string { return credential.Username(binding.ResourceName()) }

// predecessorOf returns the login role of the binding that a binding replaces.
func predecessorOf(binding durable.Binding) string {
	return loginOf(durable.Binding{Instance: binding.Instance, ID: binding.PredecessorID})
}
