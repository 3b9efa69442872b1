package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// resolve replaces ${env:NAME} and ${file:path} in a text, and $${ by ${. What
// they stand for is not looked at again. Errors name what was looked for, never
// what was found.
func (d *decoder) resolve(text string) (string, error) {
	var resolved strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			resolved.WriteString(text)
			return resolved.String(), nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			resolved.WriteString(escaped + "${")
			text = after
			continue
		}
		reference, rest, closed := strings.Cut(after, "}")
		if !closed {
			return "", errors.New("has ${ without }: write $${ for ${ itself")
		}
		value, err := d.lookUpReference(reference)
		if err != nil {
			return "", err
		}
		resolved.WriteString(before + value)
		text = rest
	}
}

func (d *decoder) lookUpReference(reference string) (string, error) {
	kind, name, _ := strings.Cut(reference, ":")
	switch {
	case name == "":
	case kind == "env":
		value, ok := d.lookUp(name)
		if !ok {
			return "", fmt.Errorf("needs the environment variable %s, which is not set", name)
		}
		return value, nil
	case kind == "file":
		return d.readReference(name)
	}
	// What is there may be a password with a ${ in it.
	return "", errors.New("has a reference that is neither ${env:NAME} nor ${file:path}: write $${ for ${ itself")
}

// mayMiss reports whether what the field at a path refers to need not be there.
func (d *decoder) mayMiss(path string) bool {
	return slices.ContainsFunc(d.optional, func(section string) bool {
		return path == section || strings.HasPrefix(path, section+".") || strings.HasPrefix(path, section+"[")
	})
}

// hasPassword reports whether a store, as it is written, has a password in it.
func hasPassword(store string) bool {
	user, _, found := strings.Cut(store, "@")
	return found && strings.Count(user, ":") > 1 || strings.Contains(store, "password=")
}

// noteSecret notes where a secret comes from: the text, or files that it refers to.
func (d *decoder) noteSecret(text, path string) {
	refers := false
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "$${", ""), "${") {
		reference, _, _ := strings.Cut(part, "}")
		if name, found := strings.CutPrefix(reference, "file:"); found {
			d.document.files = append(d.document.files, secretFile{path, string(d.absolute(name))})
			refers = true
		}
		refers = refers || strings.HasPrefix(reference, "env:")
	}
	if !refers {
		d.document.literals = append(d.document.literals, path)
	}
}

// readReference reads a file without the line break at its end, which editors
// and echo add.
func (d *decoder) readReference(name string) (string, error) {
	path := string(d.absolute(name))
	info, err := os.Stat(path) //nolint:gosec // G703: the operator names the file.
	switch {
	case err == nil && !info.Mode().IsRegular():
		return "", fmt.Errorf("needs the file %s, which is no regular file", name)
	case err == nil && info.Size() > maxFileSize:
		return "", fmt.Errorf("needs the file %s, which has more than %d bytes", name, maxFileSize)
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(path) //nolint:gosec // G304: the operator names the file.
	}
	var problem *fs.PathError
	if errors.As(err, &problem) {
		return "", fmt.Errorf("needs the file %s, which cannot be read: %w", name, problem.Err)
	}
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(string(content), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}
