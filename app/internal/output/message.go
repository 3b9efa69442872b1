package output

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Messages is the standard error of a program. Its messages begin with the name of the
// program.
type Messages struct {
	io.Writer
	// Program is the name of the program. The texts of this module are written for
	// Program openbroker; see Named.
	Program string
}

// Streams are the three streams of a process. Only results go to Out.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err Messages
}

// Say writes a message in one line, behind the name of the program.
func (m Messages) Say(format string, args ...any) error {
	_, err := fmt.Fprintln(m.Writer, m.Program+": "+Named(m.Program, fmt.Sprintf(format, args...)))
	return err
}

// Complain is Say without a write error, for when no other stream is left.
func (m Messages) Complain(format string, args ...any) { _ = m.Say(format, args...) }

// Lines writes a message that has its own beginning, such as the place in a file. A
// write error is ignored.
func (m Messages) Lines(text string) { _, _ = fmt.Fprintln(m.Writer, Named(m.Program, text)) }

// Commands are the names of the commands of a program.
var Commands = []string{
	"admin", "bind", "binding", "bindings", "catalog", "check", "completion", "config", "deprovision", "diff",
	"docs", "help", "init", "instance", "instances", "keyset", "lint", "load", "man", "operation", "provider", "provision", "rotate", "serve", "simulate",
	"target", "unbind", "update", "upgrade", "version",
}

// call matches the name openbroker in front of a command, and the names of completion
// scripts. It does not match paths, and the names of files.
var (
	call   = regexp.MustCompile(`(^|[^\w/.-])openbroker (` + strings.Join(Commands, "|") + `)\b`)
	script = regexp.MustCompile(`/(_openbroker|openbroker\.fish)\b`)
)

// Named returns a text in which the commands are those of a program: "openbroker serve"
// becomes "acme-broker serve". It leaves everything else as it is.
func Named(program, text string) string {
	if program == "openbroker" {
		return text
	}
	escaped := strings.ReplaceAll(program, "$", "$$")
	text = script.ReplaceAllStringFunc(text, func(file string) string { return strings.Replace(file, "openbroker", program, 1) })
	return call.ReplaceAllString(text, "${1}"+escaped+" ${2}")
}
