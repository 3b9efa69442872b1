//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// A process is a replica that runs in a process of its own.
type process struct {
	pid int
	// number is the number of the replica.
	number int
	// url is the URL of the replica. It is set before ready is closed.
	url string
	// ready is closed when the replica serves. exited is closed when the process
	// has ended.
	ready, exited chan struct{}
	// err is the result of the process after exited is closed.
	err error

	signals *os.Process
	mu      sync.Mutex
	// condemned is true after the run has sent a signal that ends the process.
	condemned bool
	paused    bool
}

// startProcess starts a replica that writes its log to a file.
func startProcess(s replicaSettings, logPath string) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // The run made the directory.
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, "replica") //nolint:gosec,noctx // The command is this program, and signals end it.
	command.SysProcAttr, command.Stderr = attributes(), logFile
	input, err := command.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, logFile.Close())
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, logFile.Close())
	}
	p := &process{ready: make(chan struct{}), exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The thread must live as long as the process, see attributes.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		defer func() { _ = logFile.Close() }()
		err := command.Start()
		if err == nil {
			p.pid, p.signals = command.Process.Pid, command.Process
			err = json.NewEncoder(input).Encode(s) //nolint:gosec // The generated password goes through a pipe to the child process.
		}
		started <- err
		if command.Process == nil {
			return
		}
		if line, err := bufio.NewReader(output).ReadString('\n'); err == nil {
			p.url = strings.TrimSpace(line)
			close(p.ready)
		}
		p.err = command.Wait()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting a replica: %w", err)
	}
	return p, nil
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// serving reports whether the replica has started to serve and has not ended.
func (p *process) serving() bool {
	select {
	case <-p.ready:
		return p.alive()
	default:
		return false
	}
}

// end sends a signal that ends the process, and reports whether it was sent. Only
// SIGKILL is sent more than once.
func (p *process) end(signal syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() || p.condemned && signal != syscall.SIGKILL {
		return false
	}
	p.condemned = true
	return p.signals.Signal(signal) == nil
}

// stop pauses the process, resume continues it.
func (p *process) stop() bool { return p.setPaused(true, syscall.SIGSTOP) }
func (p *process) resume()    { p.setPaused(false, syscall.SIGCONT) }

func (p *process) setPaused(paused bool, signal syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() || paused && p.condemned || p.signals.Signal(signal) != nil {
		return false
	}
	p.paused = paused
	return true
}

func (p *process) isPaused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused
}

func (p *process) isCondemned() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.condemned
}

// exitStatus returns the exit status of a process. It reports false if a signal
// ended the process.
func exitStatus(err error) (status int, ok bool) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !exit.Exited() {
		return 0, false
	}
	return exit.ExitCode(), true
}
