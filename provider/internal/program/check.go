package program

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Check returns why the program cannot run: its file, the interpreter in the first line of
// the file, or the script that is the first argument of an interpreter is missing or not
// executable. It runs nothing.
func (p Program) Check() error {
	info, err := os.Stat(p.Directory)
	switch {
	case err != nil:
		return fmt.Errorf("the working directory %s cannot be used: %w", p.Directory, reason(err))
	case !info.IsDir():
		return fmt.Errorf("the working directory %s is a file", p.Directory)
	}
	path, err := p.resolve()
	if err != nil {
		return err
	}
	if err := checkExecutable(path); err != nil {
		return err
	}
	if err := p.checkInterpreter(path); err != nil {
		return err
	}
	return p.checkScript()
}

// resolve returns the path of the program.
func (p Program) resolve() (string, error) {
	name := p.Command[0]
	if strings.Contains(name, "/") || filepath.IsAbs(name) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Directory, name)
		}
		return name, nil
	}
	return p.lookUp(name)
}

// lookUp finds a program in the PATH of the environment.
func (p Program) lookUp(name string) (string, error) {
	path := pathOf(p.Environment)
	for _, directory := range filepath.SplitList(path) {
		if directory == "" || !filepath.IsAbs(directory) {
			continue // The working directory is no place for programs.
		}
		found := filepath.Join(directory, name)
		if checkExecutable(found) == nil {
			return found, nil
		}
		if withSuffix := found + executableSuffix; executableSuffix != "" && checkExecutable(withSuffix) == nil {
			return withSuffix, nil
		}
	}
	hint := ""
	if checkExecutable(filepath.Join(p.Directory, name)) == nil {
		hint = fmt.Sprintf(": to run the file in the working directory, write ./%s", name)
	}
	return "", fmt.Errorf("the program %s is in no directory of PATH, %s%s", name, path, hint)
}

// checkExecutable returns why a file cannot be executed.
func checkExecutable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the program %s does not exist", path)
	case err != nil:
		return fmt.Errorf("the program %s cannot be read: %w", path, reason(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("the program %s is not a regular file", path)
	}
	return checkMode(path, info)
}

// headSize is how much of a file the kernel reads to find its interpreter.
const headSize = 256

// checkInterpreter checks the interpreter of a script.
func (p Program) checkInterpreter(path string) error {
	file, err := os.Open(path) //nolint:gosec // G304: the operator names the file.
	if err != nil {
		return nil //nolint:nilerr // A program need not be readable, and then is no script.
	}
	head, err := io.ReadAll(io.LimitReader(file, headSize))
	_ = file.Close() // It was only read.
	if err != nil {
		return fmt.Errorf("the program %s cannot be read: %w", path, reason(err))
	}
	line, isScript := bytes.CutPrefix(head, []byte("#!"))
	if !isScript {
		if isText(head) && needsInterpreter {
			return fmt.Errorf("the program %s is a text without an interpreter: begin it with a line such as #!/bin/sh", path)
		}
		return nil
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	fields := strings.Fields(string(line))
	switch {
	case len(fields) == 0:
		return fmt.Errorf("the program %s names no interpreter behind the #! of its first line", path)
	case bytes.HasSuffix(line, []byte("\r")):
		return fmt.Errorf("the program %s has the line ends of Windows, so its interpreter is not found: write it with those of Unix", path)
	}
	if !needsInterpreter {
		return nil
	}
	interpreter := fields[0]
	if !filepath.IsAbs(interpreter) {
		interpreter = filepath.Join(p.Directory, interpreter)
	}
	if err := checkExecutable(interpreter); err != nil {
		return fmt.Errorf("the interpreter of %s, in its first line, cannot be used: %w", path, err)
	}
	if filepath.Base(interpreter) == "env" && len(fields) > 1 && !strings.HasPrefix(fields[1], "-") && !strings.Contains(fields[1], "=") {
		if _, err := p.lookUp(fields[1]); err != nil {
			return fmt.Errorf("the interpreter of %s, in its first line, cannot be used: %w", path, err)
		}
	}
	return nil
}

// isText reports whether the beginning of a file is text.
func isText(head []byte) bool {
	return len(head) > 0 && !slices.ContainsFunc(head, func(b byte) bool { return b < ' ' && b != '\n' && b != '\t' && b != '\r' || b >= 0x7f })
}

// interpreters run the script that is their first argument.
var interpreters = []string{"sh", "bash", "dash", "ksh", "zsh", "python", "python3", "perl", "ruby", "node"}

// checkScript checks the script that is the first argument of an interpreter.
func (p Program) checkScript() error {
	if len(p.Command) < 2 || !slices.Contains(interpreters, filepath.Base(p.Command[0])) || strings.HasPrefix(p.Command[1], "-") {
		return nil
	}
	script := p.Command[1]
	if filepath.Base(p.Command[0]) == "node" && filepath.Ext(script) == "" {
		return nil // It completes the name.
	}
	if !filepath.IsAbs(script) {
		script = filepath.Join(p.Directory, script)
	}
	info, err := os.Stat(script)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the script %s does not exist", script)
	case err != nil:
		return fmt.Errorf("the script %s cannot be read: %w", script, reason(err))
	case info.IsDir():
		return nil // Python runs the __main__.py in it.
	}
	return checkWriters(script, info)
}

// reason returns an error without the path in it.
func reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
