package command

import (
	"cmp"
	"maps"
	"os"
	"slices"

	"github.com/openbroker/openbroker/provider/internal/program"
)

// defaultPath is the PATH of programs if the broker has none.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment returns all variables of the program.
func (s *Settings) environment() []string {
	all := map[string]string{"PATH": cmp.Or(os.Getenv("PATH"), defaultPath)}
	for _, name := range s.InheritEnvironment {
		if value, found := os.LookupEnv(name); found {
			all[name] = value
		}
	}
	maps.Copy(all, s.Environment)
	for _, name := range s.SecretsInEnvironment {
		all[name] = string(s.Secrets[name])
	}
	variables := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		variables = append(variables, name+"="+all[name])
	}
	return variables
}

// checkFiles returns why a program cannot run.
func (s *Settings) checkFiles() error {
	for field, command := range s.commands() {
		p := program.Program{Command: command, Directory: string(s.Directory), Environment: s.environment()}
		if err := p.Check(); err != nil {
			return wrong(field, "cannot be run: %w", err)
		}
	}
	return nil
}
