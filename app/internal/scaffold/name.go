package scaffold

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/module"
	"golang.org/x/text/unicode/norm"
)

// maxName limits derived names, which become names of hosts, services and images.
const maxName = 50

// fallback is the name for a directory whose name has nothing to derive one from.
const fallback = "broker"

var (
	notInNames  = regexp.MustCompile(`[^a-z0-9]+`)
	version     = regexp.MustCompile(`^v[0-9]+$`)
	programName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
)

// nameFor derives the name of a broker from that of a directory: lower-case letters,
// digits and single dashes. taken are the files beside the binary.
func nameFor(directory string, taken []string) string {
	text := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1 // The accent of a letter.
		}
		return r
	}, norm.NFKD.String(directory))
	name := notInNames.ReplaceAllString(strings.ToLower(text), "-")
	name = strings.Trim(name, "-")
	name = strings.TrimRight(name[:min(len(name), maxName)], "-")
	switch {
	case name == "":
		return fallback
	case checkName(name, taken) != nil:
		return name + "-" + fallback
	default:
		return name
	}
}

// checkName returns why a binary cannot have the name.
func checkName(name string, taken []string) error {
	switch {
	case !programName.MatchString(name) || strings.HasSuffix(name, ".go"):
		return fmt.Errorf(`the binary would be called %q: use lower-case letters, digits, ".", "_" and "-", and begin with a letter or a digit`, name)
	case slices.Contains(taken, name):
		return fmt.Errorf("the binary would be called %q, like another file of the broker", name)
	case name == "vendor" || name == "internal" || version.MatchString(name):
		return fmt.Errorf("%q has a meaning for Go", name)
	default:
		return module.CheckImportPath("example.com/" + name) // It knows what Windows reserves.
	}
}

// standard are the first elements of the paths of the standard library.
var standard = strings.Fields(`archive arena bufio builtin bytes cmd cmp compress container context crypto database debug
	embed encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin
	reflect regexp runtime simd slices sort strconv strings structs sync syscall testing text time unicode unique unsafe
	vendor weak`)

// nameOfModule returns the name of the binary of a module, and why there cannot be a
// broker in the module.
func nameOfModule(modulePath string, taken []string) (string, error) {
	if err := module.CheckImportPath(modulePath); err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(modulePath, "/")
	switch {
	case slices.Contains(standard, first):
		return "", fmt.Errorf("%q belongs to the standard library", first)
	case modulePath == openbrokerPath || strings.HasPrefix(modulePath, openbrokerPath+"/"):
		return "", errors.New("it belongs to openbroker")
	}
	prefix, _, ok := module.SplitPathVersion(modulePath)
	if !ok {
		return "", errors.New("its version suffix is invalid")
	}
	name := path.Base(prefix)
	return name, checkName(name, taken)
}

// serviceFor derives the name of a service from that of its broker.
func serviceFor(name string) string {
	service := strings.Trim(notInNames.ReplaceAllString(strings.TrimSuffix(name, "-broker"), "-"), "-")
	if service == "" {
		return fallback
	}
	return service
}
