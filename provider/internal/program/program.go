package program

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Program is what to run, and how to end it.
type Program struct {
	// Command is the program and its arguments. Without a slash, the program is looked up
	// in the PATH of Environment; a relative path is relative to Directory.
	Command []string
	// Directory is the working directory, absolute.
	Directory string
	// Environment is all of the program's environment, as NAME=VALUE.
	Environment []string
	// Grace is the time between TERM and KILL. If it is negative, there is no TERM.
	Grace time.Duration
	// Helper is the command line that runs [Supervise], or nil.
	Helper []string
	// Label describes the program in the arguments of its supervisor.
	Label []string
	// Lock is the path of a file that is locked while anything of the program runs, or
	// empty. Programs with the same path run one after the other.
	Lock string
	// Waiting is called once if another program has the lock.
	Waiting func()
}

// Streams are those of a program.
type Streams struct {
	In []byte
	// Out and Err get what the program writes. An error of Out ends the program.
	Out, Err io.Writer
	// Talk gets the lines of descriptor 3 and writes to descriptor 4. It returns at the
	// end of the lines; an error ends the program.
	Talk func(lines io.Reader, replies *os.File) error
}

// An Exit is how a program ended.
type Exit struct {
	// Code is the exit code if Signal is zero.
	Code   int            `json:"code"`
	Signal syscall.Signal `json:"signal,omitempty"`
	// Stopped says that it was asked to end; Killed, that it did not within the grace.
	Stopped bool `json:"stopped,omitempty"`
	Killed  bool `json:"killed,omitempty"`
	// Left are the names of processes that it left behind, which were ended.
	Left []string `json:"left,omitempty"`
	// Stuck are the names of those that could not be ended.
	Stuck []string `json:"stuck,omitempty"`
}

// String describes the end, as in "exited with 3".
func (e Exit) String() string {
	if e.Signal != 0 {
		return fmt.Sprintf("was ended by the signal %d (%v)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("exited with %d", e.Code)
}

// maxNames bounds the names of processes in an [Exit].
const maxNames = 10

// addName adds the name of a process to a list.
func addName(names []string, name string) []string {
	if len(names) == maxNames {
		return append(names, "...")
	}
	if len(names) > maxNames {
		return names
	}
	return append(names, name)
}

// pathOf returns the PATH of an environment.
func pathOf(environment []string) string {
	for _, variable := range slices.Backward(environment) {
		if value, found := strings.CutPrefix(variable, "PATH="); found {
			return value
		}
	}
	return ""
}
