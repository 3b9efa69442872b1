package message

// Version is the version of the messages. It grows when an older provider could not
// understand them; members may be added without that.
const Version = 1

// An Operation is what a request asks for.
type Operation string

// The operations. Provision, Update, Deprovision, Bind and Unbind are those of
// [durable.Provider]; a provider has the others only if its settings say so.
const (
	Provision   Operation = "provision"
	Update      Operation = "update"
	Deprovision Operation = "deprovision"
	Bind        Operation = "bind"
	Unbind      Operation = "unbind"
	// Check asks whether a provision, update or bind would be refused. It is quick and has
	// no effects.
	Check Operation = "check"
	// List asks for the resource names of all instances.
	List Operation = "list"
)

// Operations lists the operations.
func Operations() []Operation {
	return []Operation{Provision, Update, Deprovision, Bind, Unbind, Check, List}
}
