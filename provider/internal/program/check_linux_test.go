package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/internal/program"
)

// What is wrong with the file of a program is said before it runs, and when it does.
func TestCheck(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"good": {"#!/bin/sh\n", 0o755}, "env": {"#!/usr/bin/env sh\n", 0o755}, "spaces": {"#! /bin/sh -e\n", 0o755}, "options": {"#!/usr/bin/env -S sh -e\n", 0o755},
		"plain": {"#!/bin/sh\n", 0o644}, "writable": {"#!/bin/sh\n", 0o757}, "gone": {"#!/opt/none/pyhton3\n", 0o755},
		"envgone": {"#!/usr/bin/env pyhton3\n", 0o755}, "windows": {"#!/bin/sh\r\nexit 0\r\n", 0o755}, "text": {"exit 0\n", 0o755}, "nothing": {"#!\n", 0o755},
		"script": {"", 0o644}, "open": {"", 0o666},
	} {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(file.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, file.mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(directory, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		command []string
		want    string // DIR is the directory.
	}{
		{[]string{"./good"}, ""},
		{[]string{"./env"}, ""},
		{[]string{"./spaces"}, ""},
		{[]string{"./options"}, ""},
		{[]string{"DIR/good", "anything"}, ""},
		{[]string{"sh", "script"}, ""},
		{[]string{"sh", "-c", "none"}, ""},
		{[]string{"/bin/sh", "folder"}, ""},
		{[]string{"./none"}, "the program DIR/none does not exist"},
		{[]string{"folder/../none"}, "the program DIR/none does not exist"},
		{[]string{"./folder"}, "the program DIR/folder is not a regular file"},
		{[]string{"./plain"}, "the program DIR/plain is not executable: run chmod +x DIR/plain"},
		{[]string{"./writable"}, "all users of the machine can change DIR/writable, and so run programs as the broker: run chmod o-w DIR/writable"},
		{[]string{"./gone"}, "the interpreter of DIR/gone, in its first line, cannot be used: the program /opt/none/pyhton3 does not exist"},
		{[]string{"./envgone"}, "the interpreter of DIR/envgone, in its first line, cannot be used: the program pyhton3 is in no directory of PATH, /usr/bin:/bin"},
		{[]string{"./windows"}, "the program DIR/windows has the line ends of Windows, so its interpreter is not found: write it with those of Unix"},
		{[]string{"./text"}, "the program DIR/text is a text without an interpreter: begin it with a line such as #!/bin/sh"},
		{[]string{"./nothing"}, "the program DIR/nothing names no interpreter behind the #! of its first line"},
		{[]string{"none"}, "the program none is in no directory of PATH, /usr/bin:/bin"},
		{[]string{"good"}, "the program good is in no directory of PATH, /usr/bin:/bin: to run the file in the working directory, write ./good"},
		{[]string{"sh", "gone.sh"}, "the script DIR/gone.sh does not exist"},
		{[]string{"sh", "open"}, "all users of the machine can change DIR/open, and so run programs as the broker: run chmod o-w DIR/open"},
	} {
		for i := range x.command {
			x.command[i] = strings.ReplaceAll(x.command[i], "DIR", directory)
		}
		want := strings.ReplaceAll(x.want, "DIR", directory)
		p := program.Program{Command: x.command, Directory: directory, Environment: []string{"PATH=/usr/bin:/bin"}}
		err := p.Check()
		if text := text(err); text != want {
			t.Errorf("%v: %s\nwant %s", x.command, text, want)
		}
		if want == "" || strings.Contains(want, "chmod o-w") || strings.Contains(want, "script") {
			continue
		}
		// The same, when it runs.
		_, err = program.Run(t.Context(), p, silent())
		var failed *program.StartError
		if strings.HasPrefix(x.command[0], "./env") {
			continue // Only env fails.
		}
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), want) || failed.Temporary() {
			t.Errorf("%v: %v", x.command, err)
		}
	}
	for directory, want := range map[string]string{
		filepath.Join(directory, "none"): "cannot be used: no such file or directory", filepath.Join(directory, "good"): "is a file",
	} {
		p := program.Program{Command: []string{"sh"}, Directory: directory, Environment: []string{"PATH=/bin"}}
		if err := p.Check(); err == nil || err.Error() != "the working directory "+directory+" "+want {
			t.Error(err)
		}
		if _, err := program.Run(t.Context(), p, silent()); err == nil || !strings.Contains(err.Error(), "the working directory "+directory) {
			t.Error(err)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
