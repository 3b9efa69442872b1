// Command affected prints the packages of this module, one a line: those that the
// changes since the branch left origin/main affect, or with -rest all others.
//
// A package is affected if one of its files has changed, is new or is gone, or if it
// or its tests import an affected package. Changes that are not committed count.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	rest := flag.Bool("rest", false, "print the packages that the changes do not affect")
	flag.Parse()
	packages, err := list()
	if err == nil {
		var files []string
		if files, err = changed(); err == nil {
			affected := spread(packages, files)
			for _, p := range packages {
				if affected[p.ImportPath] != *rest {
					fmt.Println(p.ImportPath)
				}
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "affected:", err)
		os.Exit(1)
	}
}

// A goPackage is what go list says about a package.
type goPackage struct {
	ImportPath, Dir string
	Deps            []string
	TestImports     []string
	XTestImports    []string
}

func list() ([]goPackage, error) {
	text, err := output("go", "list", "-json=ImportPath,Dir,Deps,TestImports,XTestImports", "./...")
	if err != nil {
		return nil, err
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// changed returns the changed files, by their paths from the root of the repository.
func changed() ([]string, error) {
	base, err := output("git", "merge-base", "HEAD", "origin/main")
	if err != nil {
		base = []byte("HEAD") // There is no origin/main.
	}
	tracked, err := output("git", "diff", "--name-only", "--no-renames", "-z", strings.TrimSpace(string(base)))
	if err != nil {
		return nil, err
	}
	untracked, err := output("git", "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(tracked)+string(untracked), func(r rune) bool { return r == 0 }), nil
}

// spread returns the packages that have the files, and those that import them, or
// whose tests do.
func spread(packages []goPackage, files []string) map[string]bool {
	changed := owners(packages, files)
	built, affected := map[string]bool{}, map[string]bool{}
	for _, p := range packages {
		built[p.ImportPath] = changed[p.ImportPath] || slices.ContainsFunc(p.Deps, func(name string) bool { return changed[name] })
	}
	for _, p := range packages {
		isBuilt := func(name string) bool { return built[name] }
		affected[p.ImportPath] = built[p.ImportPath] || slices.ContainsFunc(p.TestImports, isBuilt) || slices.ContainsFunc(p.XTestImports, isBuilt)
	}
	return affected
}

// owners returns the packages of files. A file of testdata belongs to the package
// above it, and go.mod to all. Other files outside of packages belong to none.
func owners(packages []goPackage, files []string) map[string]bool {
	byDir, all := map[string]string{}, map[string]bool{}
	root, err := os.Getwd()
	for _, p := range packages {
		if dir, relErr := filepath.Rel(root, p.Dir); err == nil && relErr == nil {
			byDir[filepath.ToSlash(dir)] = p.ImportPath
		}
		all[p.ImportPath] = true
	}
	found := map[string]bool{}
	for _, file := range files {
		dir := path.Dir(file)
		switch {
		case file == "go.mod":
			return all
		case dir == "." && path.Ext(file) != ".go":
			continue
		}
		for byDir[dir] == "" && dir != "." {
			dir = path.Dir(dir)
		}
		if dir != "." || path.Dir(file) == "." {
			found[byDir[dir]] = true
		}
	}
	return found
}

func output(name string, args ...string) ([]byte, error) {
	command := exec.Command(name, args...)
	command.Stderr = os.Stderr
	return command.Output()
}
