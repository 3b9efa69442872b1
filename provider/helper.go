package provider

import "slices"

// helperFlag begins the arguments of a helper. A program that does not know it, such as a
// test, refuses it as a flag, and so does not run by mistake.
const helperFlag = "--provider-helper"

// WithHelpers returns a copy of the set whose providers can start the program at a path
// as their helper: its main function begins with [RunHelper].
func (s *Set) WithHelpers(executable string) *Set {
	return &Set{definitions: s.definitions, executable: executable}
}

// helper returns the command line of the helper of a definition, or nil.
func (s *Set) helper(d Definition) []string {
	if s.executable == "" || d.helper == nil {
		return nil
	}
	return []string{s.executable, helperFlag, d.name}
}

// RunHelper runs the helper of a definition if the arguments of the process are those of
// a helper. Otherwise, ran is false.
func RunHelper(definitions []Definition, args []string) (code int, ran bool) {
	if len(args) < 2 || args[0] != helperFlag {
		return 0, false
	}
	i := slices.IndexFunc(definitions, func(d Definition) bool { return d.name == args[1] && d.helper != nil })
	if i < 0 {
		return 0, false
	}
	return definitions[i].helper(args[2:]), true
}
