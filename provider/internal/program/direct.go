package program

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// A direct program is a child of the broker. Only its process group is ended.
type direct struct {
	command *exec.Cmd
	grace   time.Duration
	// ended is closed when the process has ended.
	ended chan struct{}

	mu sync.Mutex
	// stopped and killed are those of Exit.
	stopped, killed bool
}

func (p Program) startDirectly(path string, pipes *pipes) (running, error) {
	command := exec.CommandContext(context.Background(), path, p.Command[1:]...) //nolint:gosec // G204: the operator names the program.
	command.Args[0] = p.Command[0]
	command.Dir, command.Env = p.Directory, p.Environment
	command.Stdin, command.Stdout, command.Stderr = pipes.theirs[0], pipes.theirs[1], pipes.theirs[2]
	if passesDescriptors {
		command.ExtraFiles = pipes.theirs[3:]
	}
	separate(command)
	if err := command.Start(); err != nil {
		return nil, &StartError{withoutPath(err)}
	}
	return &direct{command: command, grace: p.Grace, ended: make(chan struct{})}, nil
}

func (d *direct) terminate() {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	if d.grace < 0 {
		signalGroup(d.command.Process, syscall.SIGKILL)
		return
	}
	signalGroup(d.command.Process, syscall.SIGTERM)
	timer := time.NewTimer(d.grace)
	defer timer.Stop()
	select {
	case <-d.ended:
	case <-timer.C:
		d.mu.Lock()
		d.killed = true
		d.mu.Unlock()
		signalGroup(d.command.Process, syscall.SIGKILL)
	}
}

func (d *direct) wait() (Exit, error) {
	err := d.command.Wait()
	close(d.ended)
	signalGroup(d.command.Process, syscall.SIGKILL) // What it left in its group.
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return Exit{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	exit := Exit{Stopped: d.stopped, Killed: d.killed, Code: d.command.ProcessState.ExitCode()}
	if status, ok := d.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		exit.Code, exit.Signal = 0, status.Signal()
	}
	return exit, nil
}

// withoutPath returns an error of the system without the path in it.
func withoutPath(err error) error {
	var failed *os.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		return lookup.Err
	}
	return err
}
