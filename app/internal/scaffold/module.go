package scaffold

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

const (
	openbrokerPath = "github.com/openbroker/openbroker"
	// unknownVersion is that of a required module that a directory replaces, as the go
	// command writes it.
	unknownVersion = "v0.0.0-00010101000000-000000000000"
)

// An origin is the openbroker that a new module uses.
type origin struct {
	// directory has its files.
	directory string
	// replaced means that go.mod names the directory. Else the version is published, and
	// sums are its lines of go.sum.
	replaced      bool
	version, sums string
}

// findOrigin returns the module in a directory or, without one, that of the running
// program.
func findOrigin(ctx context.Context, replacement string) (origin, error) {
	if replacement != "" {
		return localOrigin(replacement)
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return origin{}, errors.New("the program does not know its version of openbroker: name a checkout of openbroker with --replace PATH")
	}
	used := &info.Main
	for _, dependency := range info.Deps {
		if dependency.Path == openbrokerPath {
			used = dependency
		}
	}
	if used.Replace != nil {
		// A broker whose go.mod names a directory passes it on.
		if filepath.IsAbs(used.Replace.Path) {
			return localOrigin(used.Replace.Path)
		}
		used = &debug.Module{}
	}
	if used.Path != openbrokerPath || used.Version == "" || used.Version == "(devel)" || strings.HasSuffix(used.Version, "+dirty") {
		return origin{}, errors.New("this program is not of a published version of openbroker: name a checkout of openbroker with --replace PATH")
	}
	return publishedOrigin(ctx, used.Version)
}

func localOrigin(directory string) (origin, error) {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return origin{}, err
	}
	text, err := os.ReadFile(filepath.Join(absolute, "go.mod")) //nolint:gosec // G304: the user names it.
	if err != nil {
		return origin{}, fmt.Errorf("%s is no checkout of openbroker: %w", directory, err)
	}
	if found := modfile.ModulePath(text); found != openbrokerPath {
		return origin{}, fmt.Errorf("%s has the module %q, not %s", directory, found, openbrokerPath)
	}
	return origin{directory: absolute, replaced: true, version: unknownVersion}, nil
}

// publishedOrigin has the go command download a version, unless its cache has it.
func publishedOrigin(ctx context.Context, version string) (origin, error) {
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", openbrokerPath+"@"+version) //nolint:gosec // G204: a version of build information.
	command.Dir = os.TempDir()                                                                        // Outside of the module of the user.
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return origin{}, errors.New("the go command is missing: install Go from https://go.dev/dl/")
	}
	var module struct{ Dir, Sum, GoModSum, Error string }
	if decodeErr := json.Unmarshal(out, &module); decodeErr != nil || module.Error != "" || module.Dir == "" {
		reason := module.Error
		if reason == "" {
			reason = strings.TrimSpace(problems.String())
		}
		if reason == "" && err != nil {
			reason = err.Error()
		}
		return origin{}, fmt.Errorf("openbroker %s cannot be downloaded (%s): name a checkout of openbroker with --replace PATH", version, reason)
	}
	return origin{
		directory: module.Dir, version: version,
		sums: fmt.Sprintf("%s %s %s\n%[1]s %[2]s/go.mod %[4]s\n", openbrokerPath, version, module.Sum, module.GoModSum),
	}, nil
}

// moduleFiles returns go.mod and go.sum of a new module. It requires all that openbroker
// requires, in the same versions, so that it compiles without go mod tidy; and without a
// network where openbroker was compiled.
func (o origin) moduleFiles(modulePath string) ([]file, error) {
	theirs, err := os.ReadFile(filepath.Join(o.directory, "go.mod"))
	if err != nil {
		return nil, err
	}
	parsed, err := modfile.ParseLax(filepath.Join(o.directory, "go.mod"), theirs, nil)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(o.directory, "go.sum"))
	if err != nil {
		return nil, err
	}
	required := slices.SortedFunc(slices.Values(parsed.Require), func(a, b *modfile.Require) int {
		return strings.Compare(a.Mod.Path, b.Mod.Path)
	})
	var text strings.Builder
	fmt.Fprintf(&text, "module %s\n\ngo %s\n\nrequire %s %s\n\nrequire (\n", modfile.AutoQuote(modulePath), parsed.Go.Version, openbrokerPath, o.version)
	for _, r := range required {
		fmt.Fprintf(&text, "\t%s %s // indirect\n", r.Mod.Path, r.Mod.Version)
	}
	text.WriteString(")\n")
	if o.replaced {
		fmt.Fprintf(&text, "\n// Without this line, go get %s@latest selects a published version.\nreplace %[1]s => %s\n", openbrokerPath, modfile.AutoQuote(o.directory))
	}
	if _, err := modfile.Parse("go.mod", []byte(text.String()), nil); err != nil {
		return nil, err
	}
	lines := slices.Collect(strings.Lines(string(sums)))
	at := slices.IndexFunc(lines, func(line string) bool { return line > openbrokerPath })
	if at < 0 {
		at = len(lines)
	}
	return []file{
		{path: "go.mod", content: []byte(text.String())},
		{path: "go.sum", content: []byte(strings.Join(slices.Insert(lines, at, o.sums), ""))},
	}, nil
}
