package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// MaxFileSize bounds a document and the files that it refers to.
const MaxFileSize = 1 << 20

// resolve replaces ${env:NAME}, ${file:path} and $${ in a text. It does not resolve
// references in the replacements. Errors name the reference, never its value.
func (d *Decoder) resolve(text string) (string, error) {
	if d.LookUp == nil {
		return text, nil
	}
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
			return "", errors.New("has ${ without }: write $${ for a literal ${")
		}
		value, err := d.lookUpReference(reference)
		if err != nil {
			return "", err
		}
		resolved.WriteString(before + value)
		text = rest
	}
}

func (d *Decoder) lookUpReference(reference string) (string, error) {
	kind, name, _ := strings.Cut(reference, ":")
	switch {
	case name == "":
	case kind == "env":
		value, ok := d.LookUp(name)
		if !ok {
			return "", fmt.Errorf("needs the environment variable %s, which is not set", name)
		}
		return value, nil
	case kind == "file":
		return d.readReference(name)
	}
	// The text may be a password that contains ${, so the error must not show it.
	return "", errors.New("has a reference that is neither ${env:NAME} nor ${file:path}: write $${ for a literal ${")
}

// mayBeMissing reports whether references of the field at path may be missing.
func (d *Decoder) mayBeMissing(path string) bool {
	return slices.ContainsFunc(d.Optional, func(section string) bool {
		return path == section || strings.HasPrefix(path, section+".") || strings.HasPrefix(path, section+"[")
	})
}

// noteSecret records the origin of a secret: the text itself, or referenced files.
func (d *Decoder) noteSecret(text, path string) {
	refers := false
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "$${", ""), "${") {
		reference, _, _ := strings.Cut(part, "}")
		if name, found := strings.CutPrefix(reference, "file:"); found {
			d.Document.Files = append(d.Document.Files, File{path, string(d.Absolute(name))})
			refers = true
		}
		refers = refers || strings.HasPrefix(reference, "env:")
	}
	if !refers {
		d.Document.Literals = append(d.Document.Literals, path)
	}
}

// readReference reads a file. It removes the line break at the end, which editors and
// echo add.
func (d *Decoder) readReference(name string) (string, error) {
	path := string(d.Absolute(name))
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return "", fmt.Errorf("needs the file %s, which is not a regular file", name)
	case err == nil && info.Size() > MaxFileSize:
		return "", fmt.Errorf("needs the file %s, which is larger than %d bytes", name, MaxFileSize)
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
