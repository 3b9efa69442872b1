package command

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
)

// Settings are those of the configuration.
type Settings struct {
	Command              []string                   `yaml:"command" doc:"program and its arguments; without a slash it is looked up in PATH, and a relative path is relative to directory"`
	Operations           Operations                 `yaml:"operations" doc:"programs of their own for some operations"`
	Directory            provider.Directory         `yaml:"directory" default:"." doc:"working directory of the program; that of the configuration file by default"`
	Environment          map[string]string          `yaml:"environment" doc:"environment variables of the program; besides them, it gets only PATH and those of inherit_environment"`
	InheritEnvironment   []string                   `yaml:"inherit_environment" doc:"names of variables that the program gets from the broker's environment"`
	Secrets              map[string]provider.Secret `yaml:"secrets" doc:"secrets that the program gets in each request, by name, such as the password of an administrator"`
	SecretsInEnvironment []string                   `yaml:"secrets_in_environment" doc:"names of secrets that the program gets as environment variables too; processes of the same user can read these"`
	Check                bool                       `yaml:"check" doc:"whether the program is asked, with the operation check, before a provision, update or bind is accepted"`
	List                 bool                       `yaml:"list" doc:"whether the program can list its instances, with the operation list, so that admin orphans finds those without a record"`
	Timeout              provider.Duration          `yaml:"timeout" doc:"how long one attempt may take; until the deadline of the operation by default"`
	CheckTimeout         provider.Duration          `yaml:"check_timeout" default:"5s" doc:"how long a check may take; the request waits for it"`
	Grace                provider.Duration          `yaml:"grace" default:"10s" doc:"time between TERM and KILL; shorter than engine.stop_grace"`
	Concurrency          int                        `yaml:"concurrency" min:"1" max:"1000" default:"16" doc:"how many programs run at a time; others wait"`
	StderrBytes          int                        `yaml:"stderr_bytes" max:"1048576" default:"65536" doc:"how much of the standard error goes into the log, in bytes"`
}

// Operations are programs for some operations, with their arguments. Others have that of
// Settings.Command.
type Operations struct {
	Provision   []string `yaml:"provision" doc:"program for provision"`
	Update      []string `yaml:"update" doc:"program for update"`
	Deprovision []string `yaml:"deprovision" doc:"program for deprovision"`
	Bind        []string `yaml:"bind" doc:"program for bind"`
	Unbind      []string `yaml:"unbind" doc:"program for unbind"`
	Check       []string `yaml:"check" doc:"program for check"`
	List        []string `yaml:"list" doc:"program for list"`
}

// own returns the command of its own that an operation has, or nil.
func (o *Operations) own(operation message.Operation) []string {
	return map[message.Operation][]string{
		message.Provision: o.Provision, message.Update: o.Update, message.Deprovision: o.Deprovision,
		message.Bind: o.Bind, message.Unbind: o.Unbind, message.Check: o.Check, message.List: o.List,
	}[operation]
}

// command returns the command for an operation, or nil.
func (s *Settings) command(operation message.Operation) []string {
	if own := s.Operations.own(operation); own != nil {
		return own
	}
	return s.Command
}

// commands yields the commands that are used, with the names of their fields.
func (s *Settings) commands() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if s.Command != nil && !yield("command", s.Command) {
			return
		}
		for _, operation := range message.Operations() {
			if own := s.Operations.own(operation); own != nil && !yield("operations."+string(operation), own) {
				return
			}
		}
	}
}

// maxText is the longest argument or variable that Linux passes to a program.
const maxText = 128<<10 - 1

// maxGrace bounds the grace.
const maxGrace = 5 * time.Minute

// check returns what is wrong with the settings.
func (s *Settings) check() error {
	for field, command := range s.commands() {
		if err := checkCommand(command); err != nil {
			return wrong(field, "%w", err)
		}
	}
	for _, operation := range []message.Operation{message.Provision, message.Deprovision} {
		if s.command(operation) == nil {
			return wrong("command", "is missing: name the program and its arguments, such as [python3, broker.py], or set operations.%s", operation)
		}
	}
	if (s.command(message.Bind) == nil) != (s.command(message.Unbind) == nil) {
		return wrong("operations", "must have both bind and unbind, or neither")
	}
	for _, optional := range []struct {
		operation message.Operation
		wanted    bool
	}{{message.Check, s.Check}, {message.List, s.List}} {
		switch {
		case optional.wanted && s.command(optional.operation) == nil:
			return wrong(string(optional.operation), "is true, but there is no program for it: set command or operations.%s", optional.operation)
		case !optional.wanted && s.Operations.own(optional.operation) != nil:
			return wrong("operations."+string(optional.operation), "has no effect without %s: true", optional.operation)
		}
	}
	switch {
	case s.Grace > provider.Duration(maxGrace):
		return wrong("grace", "must be at most %s", maxGrace)
	case s.CheckTimeout == 0:
		return wrong("check_timeout", "must be longer than 0")
	}
	return s.checkVariables()
}

func checkCommand(command []string) error {
	if len(command) == 0 {
		return errors.New("is empty: name the program and its arguments")
	}
	for _, text := range command {
		switch {
		case strings.ContainsRune(text, 0):
			return errors.New("has a NUL character")
		case len(text) > maxText:
			return fmt.Errorf("has an argument of %d bytes: at most %d are possible", len(text), maxText)
		}
	}
	return nil
}

func (s *Settings) checkVariables() error {
	for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
		if err := checkVariable(name, s.Environment[name]); err != nil {
			return wrong("environment", "has %.80q, which %w", name, err)
		}
	}
	for _, name := range s.InheritEnvironment {
		if err := checkVariable(name, ""); err != nil {
			return wrong("inherit_environment", "has %.80q, which %w", name, err)
		}
		if _, twice := s.Environment[name]; twice {
			return wrong("inherit_environment", "has %.80q, which is in environment too", name)
		}
	}
	for _, name := range s.SecretsInEnvironment {
		value, known := s.Secrets[name]
		if !known {
			return wrong("secrets_in_environment", "has %.80q, which is not in secrets", name)
		}
		if err := checkVariable(name, string(value)); err != nil {
			return wrong("secrets_in_environment", "has %.80q, which %w", name, err)
		}
		if _, twice := s.Environment[name]; twice || slices.Contains(s.InheritEnvironment, name) {
			return wrong("secrets_in_environment", "has %.80q, which is another variable too", name)
		}
	}
	return nil
}

// checkVariable returns why there cannot be an environment variable.
func checkVariable(name, value string) error {
	switch {
	case name == "" || strings.ContainsAny(name, "=\x00"):
		return errors.New("is no name for a variable")
	case strings.ContainsRune(value, 0):
		return errors.New("has a NUL character in its value")
	case len(name)+1+len(value) > maxText:
		return fmt.Errorf("has %d bytes: at most %d are possible", len(name)+1+len(value), maxText)
	}
	return nil
}

func wrong(field, format string, args ...any) error {
	return &provider.FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}
