package program

// The messages between the broker and the supervisor of a program, each one line of JSON
// on the socket at controlDescriptor. The broker sends an order, then perhaps a byte that
// asks for the end. The end of the socket means that the broker has died.

// controlDescriptor and lockDescriptor are those of the supervisor. The five before them
// are the program's.
const (
	controlDescriptor = 5
	lockDescriptor    = 6
)

// endByte asks the supervisor to end the program.
const endByte = 't'

// An order tells the supervisor what to run. It goes through the socket and not through
// arguments or environment, which other processes of the user can read.
type order struct {
	Path        string   `json:"path"`
	Arguments   []string `json:"arguments"`
	Environment []string `json:"environment"`
	Directory   string   `json:"directory"`
	// Grace is in nanoseconds.
	Grace int64 `json:"grace"`
}

// A report tells the broker what happened. The last one has an Exit or an Errno.
type report struct {
	// PID is that of the program, and of its process group.
	PID int `json:"pid,omitempty"`
	// Errno says why the program could not be started.
	Errno int    `json:"errno,omitempty"`
	Text  string `json:"text,omitempty"`
	Exit  *Exit  `json:"exit,omitempty"`
}
