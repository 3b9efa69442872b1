package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// HasSupervisor says whether programs can have a supervisor.
const HasSupervisor = true

// A supervised program has a supervisor.
type supervised struct {
	command *exec.Cmd
	control net.Conn
}

func (p Program) start(path string, pipes *pipes, lock *lockFile) (running, error) {
	if p.Helper == nil {
		return p.startDirectly(path, pipes)
	}
	control, theirs, err := socketPair()
	if err != nil {
		return nil, &StartError{err}
	}
	command := exec.CommandContext(context.Background(), p.Helper[0], append(p.Helper[1:len(p.Helper):len(p.Helper)], p.Label...)...) //nolint:gosec // G204: the program itself.
	command.Args[0] = os.Args[0]
	command.Stdin, command.Stdout, command.Stderr = pipes.theirs[0], pipes.theirs[1], pipes.theirs[2]
	command.ExtraFiles = []*os.File{pipes.theirs[3], pipes.theirs[4], theirs}
	if lock != nil {
		command.ExtraFiles = append(command.ExtraFiles, lock.file)
	}
	// It is a whole broker that starts, and then needs almost no memory: there is nothing to
	// collect, and a limit in case there is. The program has another environment.
	command.Env = append(os.Environ(), "GOGC=off", "GOMEMLIMIT=64MiB")
	// Signals for the broker's group, such as those of a terminal, are not for it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = command.Start()
	_ = theirs.Close() // The supervisor has it.
	if err != nil {
		_ = control.Close() // Nothing was written.
		return nil, &StartError{fmt.Errorf("its supervisor: %w", withoutPath(err))}
	}
	s := &supervised{command: command, control: control}
	// A failure shows as the end of the socket.
	_ = json.NewEncoder(control).Encode(order{
		Path: path, Arguments: p.Command, Environment: p.Environment, Directory: p.Directory, Grace: int64(p.Grace),
	})
	return s, nil
}

func (s *supervised) terminate() {
	_, _ = s.control.Write([]byte{endByte}) // A dead supervisor has ended the program.
}

func (s *supervised) wait() (Exit, error) {
	defer func() {
		_ = s.control.Close() // It was read to its end.
	}()
	reports := json.NewDecoder(s.control)
	group := 0
	for {
		var r report
		err := reports.Decode(&r)
		switch {
		case err != nil:
			failed := s.command.Wait()
			if group > 0 {
				// The program ended with its supervisor; its group did not.
				_ = syscall.Kill(-group, syscall.SIGKILL)
			}
			return Exit{}, fmt.Errorf("the supervisor of the program ended too early: %w", errors.Join(failed, err))
		case r.Errno != 0:
			_ = s.command.Wait() // It has said everything.
			return Exit{}, &StartError{fmt.Errorf("%s%w", r.Text, syscall.Errno(r.Errno))}
		case r.Exit != nil:
			if len(r.Exit.Stuck) > 0 {
				go s.command.Wait() //nolint:errcheck // It stays while processes are stuck, and keeps the lock.
			} else {
				_ = s.command.Wait() // It has said everything.
			}
			return *r.Exit, nil
		case r.PID > 0:
			group = r.PID
		}
	}
}

// socketPair returns two ends of a socket.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control")
	defer ours.Close() //nolint:errcheck // The connection is a copy.
	connection, err := net.FileConn(ours)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return connection, theirs, nil
}
