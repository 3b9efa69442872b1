package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/command"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 128<<10)
	for _, x := range []struct {
		field, want string
		change      func(*command.Settings)
	}{
		{"", "", func(*command.Settings) {}},
		{"command", "is missing: name the program and its arguments, such as [python3, broker.py], or set operations.provision", func(s *command.Settings) { s.Command = nil }},
		{"command", "is empty: name the program and its arguments", func(s *command.Settings) { s.Command = []string{} }},
		{"command", "has a NUL character", func(s *command.Settings) { s.Command = []string{"a\x00b"} }},
		{"command", "has an argument of 131072 bytes: at most 131071 are possible", func(s *command.Settings) { s.Command = []string{"sh", long} }},
		{"operations.bind", "is empty: name the program and its arguments", func(s *command.Settings) { s.Operations.Bind = []string{} }},
		{"command", "is missing: name the program and its arguments, such as [python3, broker.py], or set operations.deprovision", func(s *command.Settings) {
			s.Operations.Provision, s.Command = s.Command, nil
		}},
		{"operations", "must have both bind and unbind, or neither", func(s *command.Settings) {
			s.Operations = command.Operations{Provision: s.Command, Deprovision: s.Command, Bind: s.Command}
			s.Command = nil
		}},
		{"check", "is true, but there is no program for it: set command or operations.check", func(s *command.Settings) {
			s.Operations = command.Operations{Provision: s.Command, Deprovision: s.Command}
			s.Command, s.Check = nil, true
		}},
		{"operations.list", "has no effect without list: true", func(s *command.Settings) { s.Operations.List = s.Command }},
		{"grace", "must be at most 5m0s", func(s *command.Settings) { s.Grace = 1 << 60 }},
		{"check_timeout", "must be longer than 0", func(s *command.Settings) { s.CheckTimeout = 0 }},
		{"environment", `has "A=B", which is no name for a variable`, func(s *command.Settings) { s.Environment = map[string]string{"A=B": ""} }},
		{"environment", `has "A", which has a NUL character in its value`, func(s *command.Settings) { s.Environment = map[string]string{"A": "\x00"} }},
		{"environment", `has "A", which has 131074 bytes: at most 131071 are possible`, func(s *command.Settings) { s.Environment = map[string]string{"A": long} }},
		{"inherit_environment", `has "", which is no name for a variable`, func(s *command.Settings) { s.InheritEnvironment = []string{""} }},
		{"inherit_environment", `has "A", which is in environment too`, func(s *command.Settings) {
			s.InheritEnvironment, s.Environment = []string{"A"}, map[string]string{"A": "x"}
		}},
		{"secrets_in_environment", `has "A", which is not in secrets`, func(s *command.Settings) { s.SecretsInEnvironment = []string{"A"} }},
		{"secrets_in_environment", `has "A", which has 131074 bytes: at most 131071 are possible`, func(s *command.Settings) {
			s.SecretsInEnvironment, s.Secrets = []string{"A"}, map[string]provider.Secret{"A": provider.Secret(long)}
		}},
		{"secrets_in_environment", `has "A", which is another variable too`, func(s *command.Settings) {
			s.SecretsInEnvironment, s.Secrets, s.Environment = []string{"A"}, map[string]provider.Secret{"A": "x"}, map[string]string{"A": "y"}
		}},
	} {
		s := command.Settings{Command: []string{"sh"}, CheckTimeout: 1}
		x.change(&s)
		err := command.Definition.Check(&s)
		var field *provider.FieldError
		if x.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !errors.As(err, &field) || field.Field != x.field || field.Err.Error() != x.want {
			t.Errorf("%v, want %s %s", err, x.field, x.want)
		}
		if _, err := command.New(s, provider.Host{}); err == nil || err.Error() != "command: "+x.field+" "+x.want {
			t.Errorf("New: %v", err)
		}
	}
}

// The files of all programs are checked, each at its field.
func TestFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "good"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := command.Settings{Command: []string{"./good"}, Directory: provider.Directory(directory)}
	if err := command.Definition.CheckFiles(&s); err != nil {
		t.Error(err)
	}
	s.Operations.Update = []string{"./gone"}
	if err := command.Definition.CheckFiles(&s); err == nil || err.Error() != "operations.update cannot be run: the program "+directory+"/gone does not exist" {
		t.Error(err)
	}
}

// The definition is valid with its default catalog, twice in one process too.
func TestDefinition(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(command.Definition)
	if err != nil {
		t.Fatal(err)
	}
	settings := &command.Settings{Command: []string{"true"}, CheckTimeout: 1}
	group, err := provider.NewGroup(set, provider.Named{Name: "one", Definition: command.Definition, Settings: settings}, provider.Named{Name: "two", Definition: command.Definition, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	running, err := group.Start(t.Context(), provider.Host{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Close(); err != nil {
		t.Error(err)
	}
}
