package program_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider/internal/program"
)

const (
	superviseArgument = "supervise-for-test"
	brokerArgument    = "broker-for-test"
)

// The test binary is the supervisor, and a broker that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == superviseArgument {
		os.Exit(program.Supervise(os.Args[2:])) //nolint:forbidigo // It is the main function here.
	}
	if len(os.Args) > 4 && os.Args[1] == brokerArgument {
		p := shell(os.Args[2])
		p.Lock = os.Args[3]
		p.Environment = append(p.Environment, os.Args[4])
		_, err := program.Run(context.Background(), p, silent())
		fmt.Println(err)
		return
	}
	m.Run()
}

// patience is a last resort on a busy machine.
const patience = 30 * time.Minute

func shell(script string) program.Program {
	return program.Program{
		Command: []string{"sh", "-c", script}, Directory: "/", Environment: []string{"PATH=" + os.Getenv("PATH")},
		Grace: 50 * time.Millisecond, Helper: []string{"/proc/self/exe", superviseArgument},
	}
}

func silent() program.Streams {
	return program.Streams{
		Out: io.Discard, Err: io.Discard,
		Talk: func(lines io.Reader, _ *os.File) error {
			_, err := io.Copy(io.Discard, lines)
			return err
		},
	}
}

// mark gives a program a variable by which all of its processes are found.
func mark(p *program.Program) string {
	m := "OPENBROKER_TEST_MARK=" + rand.Text()
	p.Environment = append(p.Environment, m)
	return m
}

// marked returns the processes with a mark.
func marked(m string) []int {
	var found []int
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		environment, err := os.ReadFile(path)
		if pid, _ := strconv.Atoi(strings.Split(path, "/")[2]); err == nil && bytes.Contains(environment, []byte(m)) {
			found = append(found, pid)
		}
	}
	return found
}

// sleeping returns the processes that sleep for a time.
func sleeping(duration string) []string {
	var found []string
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		if line, err := os.ReadFile(path); err == nil && string(line) == "/bin/sleep\x00"+duration+"\x00" {
			found = append(found, path)
		}
	}
	return found
}

// await waits for a condition.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("this does not happen: %s", what)
		}
	}
}

// none fails if a process with the mark runs. It must be so at once.
func none(t *testing.T, m string) {
	t.Helper()
	if found := marked(m); len(found) > 0 {
		t.Errorf("processes are left: %v", found)
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// modes runs a test with a supervisor and without one.
func modes(t *testing.T, test func(t *testing.T, change func(program.Program) program.Program)) {
	t.Helper()
	t.Run("supervised", func(t *testing.T) {
		t.Parallel()
		test(t, func(p program.Program) program.Program { return p })
	})
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		test(t, func(p program.Program) program.Program {
			p.Helper = nil
			return p
		})
	})
}

func TestStreams(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, change func(program.Program) program.Program) {
		t.Helper()
		p := change(shell(`read -r line; echo "$line"; echo err >&2; echo one >&3; read -r reply <&4; echo "$reply $PWD $X"; tty; [ "$(cut -d' ' -f5 /proc/$$/stat)" = $$ ] && echo own`))
		p.Directory, p.Environment = os.TempDir(), append(p.Environment, "X=y")
		var stdout, stderr bytes.Buffer
		exit, err := program.Run(t.Context(), p, program.Streams{
			In: []byte("in\nrest\n"), Out: &stdout, Err: &stderr,
			Talk: func(lines io.Reader, replies *os.File) error {
				scanner := bufio.NewScanner(lines)
				for scanner.Scan() {
					if _, err := fmt.Fprintln(replies, scanner.Text(), "saved"); err != nil {
						return err
					}
				}
				return scanner.Err()
			},
		})
		if want := "in\none saved " + os.TempDir() + " y\nnot a tty\nown\n"; err != nil || exit.Code != 0 || stdout.String() != want || stderr.String() != "err\n" || exit.Left != nil {
			t.Errorf("%+v, %v, %q, %q", exit, err, stdout.String(), stderr.String())
		}
	})
}

func TestExits(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, change func(program.Program) program.Program) {
		t.Helper()
		for script, want := range map[string]string{
			"exit 0": "exited with 0", "exit 75": "exited with 75", "exit 300": "exited with 44",
			"kill -9 $$": "was ended by the signal 9 (killed)", "kill -TERM $$": "was ended by the signal 15 (terminated)",
		} {
			s := silent()
			s.In = bytes.Repeat([]byte("input that nobody reads\n"), 100_000)
			exit, err := program.Run(t.Context(), change(shell(script)), s)
			if err != nil || exit.String() != want || exit.Stopped || exit.Killed {
				t.Errorf("%s: %+v, %v", script, exit, err)
			}
		}
	})
}

// runUntil runs a program, and cancels it when it has written to descriptor 3.
func runUntil(t *testing.T, p program.Program) (program.Exit, error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	s := silent()
	s.Talk = func(lines io.Reader, _ *os.File) error {
		if _, err := lines.Read(make([]byte, 1)); err != nil {
			return err
		}
		cancel(errCancelled)
		_, err := io.Copy(io.Discard, lines)
		return err
	}
	return program.Run(ctx, p, s)
}

var errCancelled = errors.New("cancelled")

// A program that ends at TERM is not killed; one that ignores it is.
func TestCancellation(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, change func(program.Program) program.Program) {
		t.Helper()
		for script, killed := range map[string]bool{
			`trap 'exit 3' TERM; echo >&3; while :; do sleep 0.01; done`: false,
			`trap '' TERM; echo >&3; while :; do sleep 0.01; done`:       true,
			`echo >&3; kill -STOP $$`:                                    false,
		} {
			p := change(shell(script))
			if !killed {
				p.Grace = patience
			}
			m := mark(&p)
			exit, err := runUntil(t, p)
			if !errors.Is(err, errCancelled) || !exit.Stopped || exit.Killed != killed {
				t.Errorf("%s: %+v, %v", script, exit, err)
			}
			none(t, m)
		}
	})
}

// Processes that leave the group are ended, however they do it.
func TestDescendants(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"background":            `sleep 1000 &`,
		"session":               `setsid sleep 1000 &`,
		"ignores TERM":          `setsid sh -c 'trap "" TERM HUP; while :; do sleep 1000; done' &`,
		"daemon":                `setsid sh -c 'setsid sh -c "sleep 1000 & sleep 1000 &" &' ; sleep 0.1`,
		"without environment":   `env -i /usr/bin/setsid /bin/sleep 1000.5 &`,
		"stopped":               `setsid sh -c 'kill -STOP $$' &`,
		"other program's group": `setsid sh -c 'sleep 1000 & wait' & sleep 0.05`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, end := range []string{"exit 0", "echo >&3; exec sleep 1000"} {
				p := shell(script + "\n" + end)
				m := mark(&p)
				run := runUntil
				if end == "exit 0" {
					run = func(t *testing.T, p program.Program) (program.Exit, error) {
						t.Helper()
						return program.Run(t.Context(), p, silent())
					}
				}
				exit, err := run(t, p)
				if end == "exit 0" && (err != nil || exit.Code != 0 || len(exit.Left) == 0 || exit.Stuck != nil) || end != "exit 0" && !errors.Is(err, errCancelled) {
					t.Errorf("%s: %+v, %v", end, exit, err)
				}
				none(t, m)
				if name == "without environment" {
					if found := sleeping("1000.5"); len(found) > 0 {
						t.Errorf("processes are left: %v", found)
					}
				}
			}
		})
	}
}

// A program cannot escape by making processes faster than they are listed.
func TestForkStorm(t *testing.T) {
	t.Parallel()
	p := shell(`trap '' TERM; i=0; while [ $i -lt 300 ]; do setsid sleep 1000 & i=$((i+1)); [ $i = 50 ] && echo >&3; done; sleep 1000`)
	m := mark(&p)
	p.Grace = time.Millisecond
	exit, err := runUntil(t, p)
	if !errors.Is(err, errCancelled) || !exit.Killed || len(exit.Left) != 11 || exit.Left[10] != "..." {
		t.Errorf("%+v, %v", exit, err)
	}
	none(t, m)
}

// A process that ends soon after the program, such as the end of a pipe, is not ended.
func TestShortLivedRest(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	s := silent()
	s.Out = &stdout
	exit, err := program.Run(t.Context(), shell(`(sleep 0.02; echo late) & echo early`), s)
	if err != nil || exit.Left != nil || stdout.String() != "early\nlate\n" {
		t.Errorf("%+v, %v, %q", exit, err, stdout.String())
	}
}

// An error of a stream ends the program.
func TestStreamErrors(t *testing.T) {
	t.Parallel()
	failed := errors.New("too much")
	modes(t, func(t *testing.T, change func(program.Program) program.Program) {
		t.Helper()
		var written atomic.Int64
		endless := silent()
		endless.Out = writerFunc(func(b []byte) (int, error) {
			if written.Add(int64(len(b))) > 1<<20 {
				return 0, failed
			}
			return len(b), nil
		})
		p := change(shell("cat /dev/zero"))
		m := mark(&p)
		if exit, err := program.Run(t.Context(), p, endless); !errors.Is(err, failed) || !exit.Stopped || written.Load() > 2<<20 {
			t.Errorf("%+v, %v, %d bytes", exit, err, written.Load())
		}
		none(t, m)
		talk := silent()
		talk.Talk = func(lines io.Reader, _ *os.File) error {
			if _, err := lines.Read(make([]byte, 1)); err != nil {
				return err
			}
			return failed
		}
		p = change(shell("while :; do echo >&3; done"))
		if _, err := program.Run(t.Context(), p, talk); !errors.Is(err, failed) {
			t.Error(err)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// When the broker is killed, the supervisor ends the program. Until then, another one
// waits for the lock.
func TestBrokerKilled(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	begun, lock := filepath.Join(directory, "begun"), filepath.Join(directory, "locks", "one")
	p := shell("")
	m := mark(&p)
	broker := exec.CommandContext(t.Context(), "/proc/self/exe", brokerArgument,
		`trap '' TERM; setsid sleep 1000 & echo >`+begun+`; while :; do sleep 0.1; done`, lock, m)
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the program runs", func() bool {
		_, err := os.Stat(begun)
		return err == nil && len(marked(m)) >= 2
	})
	if err := broker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waited := false
	second := shell("exit 4")
	second.Lock, second.Waiting = lock, func() { waited = true }
	exit, err := program.Run(t.Context(), second, silent())
	if err != nil || exit.Code != 4 || !waited {
		t.Errorf("%+v, %v; it has waited: %v", exit, err, waited)
	}
	none(t, m)
	_ = broker.Wait()
	if _, err := os.Stat(lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is left: %v", err)
	}
}

// A program does not outlive its supervisor either.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	p := shell(`echo >&3; sleep 1000`)
	m := mark(&p)
	s := silent()
	s.Talk = func(lines io.Reader, _ *os.File) error {
		if _, err := lines.Read(make([]byte, 1)); err != nil {
			return err
		}
		status, err := os.ReadFile("/proc/" + strconv.Itoa(marked(m)[0]) + "/stat")
		if err != nil {
			return err
		}
		parent, err := strconv.Atoi(strings.Fields(string(status))[3])
		if err != nil {
			return err
		}
		return syscall.Kill(parent, syscall.SIGKILL)
	}
	if _, err := program.Run(t.Context(), p, s); err == nil || !strings.Contains(err.Error(), "the supervisor of the program ended too early: signal: killed") {
		t.Error(err)
	}
	await(t, "the program ends", func() bool { return len(marked(m)) == 0 })
}

// A person who starts the supervisor gets nothing.
func TestSuperviseWithoutBroker(t *testing.T) {
	t.Parallel()
	err := exec.CommandContext(t.Context(), "/proc/self/exe", superviseArgument).Run()
	var failed *exec.ExitError
	if !errors.As(err, &failed) || failed.ExitCode() == 0 {
		t.Error(err)
	}
}
