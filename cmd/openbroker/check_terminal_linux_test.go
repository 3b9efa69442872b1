package main_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// onTerminal runs a command on a terminal, and returns what it writes.
func onTerminal(t *testing.T, directory string, environment []string, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	number := 0
	control(t, master, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = directory, terminal, terminal
	cmd.Env = append([]string{"HOME=" + directory, "TERM=xterm"}, environment...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close() // The command has its own descriptor.
	written := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // It ends with EIO when the last descriptor of the terminal is closed.
		written <- string(text)
	}()
	text := <-written
	_ = cmd.Wait() // The report has the error.
	return text
}

func control(t *testing.T, file *os.File, work func(fd int) error) {
	t.Helper()
	connection, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := connection.Control(func(fd uintptr) { failed = work(int(fd)) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}

// On a terminal, one line shows the progress of the run. The report, with colours,
// replaces it.
func TestCheckTerminal(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	args := []string{"check", p.url, "--password-file", passwordFile, "--only", "catalog-*"}
	const green = "\x1b[32mConformant: all MUSTs hold"
	for name, c := range map[string]struct {
		environment []string
		args        []string
		status      bool
		colored     bool
	}{
		"terminal": {nil, nil, true, true},
		"no color": {nil, []string{"--no-color"}, true, false},
		"NO_COLOR": {[]string{"NO_COLOR=1"}, nil, true, false},
		"dumb":     {[]string{"TERM=dumb"}, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := onTerminal(t, p.cmd.Dir, c.environment, append(args, c.args...)...)
			if !strings.Contains(text, "Conformant: all MUSTs hold") || strings.Contains(text, green) != c.colored {
				t.Errorf("written: %q", text)
			}
			_, after, found := strings.Cut(text, " checks: catalog-")
			if found != c.status {
				t.Errorf("written: %q", text)
			}
			// After the last status line, the report starts on a new line.
			if at := strings.LastIndex(after, "\r\x1b[K"); c.status && (at < 0 || strings.Contains(after[:at], "MUST") || !strings.Contains(after[at:], "MUST") || strings.Contains(after[at:], " checks: ")) {
				t.Errorf("written: %q", text)
			}
		})
	}
}
