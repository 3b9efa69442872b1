//go:build unix

package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// startTimeout bounds how long a server may take to become ready. After a kill it
	// may have to recover first.
	startTimeout = 3 * time.Minute
	// stopTimeout bounds how long a server may take to end before it is killed.
	stopTimeout = 20 * time.Second
	// pollInterval is the interval of questions to a starting server.
	pollInterval = 50 * time.Millisecond
	// logName is the file with the output of a server.
	logName = "log"
)

// A Process is a running server.
type Process struct {
	home    *Home
	process *os.Process
	exited  chan struct{}
}

// Launch starts a program in the directory of the home, as its account. The output is
// appended to the log. The program gets a process group of its own, and, on Linux,
// SIGKILL if the process of the test dies: some servers hang after any other signal.
//
// The thread that starts it lives until the program has ended, because the kernel
// ends the program with that thread.
func (h *Home) Launch(command *exec.Cmd) (*Process, error) {
	output, err := os.OpenFile(h.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	command.SysProcAttr, command.Dir = attributes(h.Account), h.Path
	command.Stdout, command.Stderr = output, output
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(exited)
		defer func() { _ = output.Close() }()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // The exit status does not matter.
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	return &Process{home: h, process: command.Process, exited: exited}, nil
}

// Run runs a program of the account in the directory to its end. Its output is part of
// the error.
func (h *Home) Run(command *exec.Cmd) error {
	command.SysProcAttr, command.Dir = attributes(h.Account), h.Path
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("testserver: %s: %w\n%s", filepath.Base(command.Path), err, output)
	}
	return nil
}

// LogFile returns the path of the log.
func (h *Home) LogFile() string { return filepath.Join(h.Path, logName) }

// Log returns what the server has printed, over all its starts.
func (h *Home) Log() (string, error) {
	text, err := os.ReadFile(h.LogFile())
	return string(text), err
}

// WaitReady asks ready until it returns nil. The error has the end of the log.
func (p *Process) WaitReady(ctx context.Context, ready func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("testserver: the server ended while it started:\n%s", p.home.tail())
		case <-ctx.Done():
			return fmt.Errorf("testserver: the server is not ready: %w\n%s", err, p.home.tail())
		case <-ticker.C:
		}
	}
}

// ID returns the id of the process.
func (p *Process) ID() int { return p.process.Pid }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// End sends a signal to the process and waits until it has ended. A process that does
// not end in time is killed, with its process group.
func (p *Process) End(signal syscall.Signal) error {
	if err := p.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		return p.Kill()
	}
	return nil
}

// Kill kills the process with its process group, and waits until it has ended.
func (p *Process) Kill() error {
	err := syscall.Kill(-p.process.Pid, syscall.SIGKILL)
	<-p.exited
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// Pause stops the process and its children with SIGSTOP: connections stay open, and
// nothing answers. It needs Linux.
func (p *Process) Pause() error { return p.signalAll(syscall.SIGSTOP) }

// Resume continues the processes after Pause.
func (p *Process) Resume() error { return p.signalAll(syscall.SIGCONT) }

// Continue sends SIGCONT to the process alone, so that it handles other signals after
// Pause. It is no error if the process has ended.
func (p *Process) Continue() error {
	if err := p.process.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (p *Process) signalAll(signal syscall.Signal) error {
	// Signal the parent first, so that it starts no more processes.
	if err := p.process.Signal(signal); err != nil {
		return err
	}
	ids, err := children(p.process.Pid)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := syscall.Kill(id, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// tail returns the end of the log.
func (h *Home) tail() string {
	text, err := h.Log()
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
