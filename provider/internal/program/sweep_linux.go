package program

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// note notes the end of the program.
func (s *supervisor) note(status syscall.WaitStatus) {
	if status.Signaled() {
		s.exit.Signal = status.Signal()
		return
	}
	s.exit.Code = status.ExitStatus()
}

// sweep ends all processes that are left after a time, and reports the end of the
// program. It returns when no process is left, even if that takes longer.
func (s *supervisor) sweep(linger time.Duration) {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	stuckAt := time.Now().Add(linger + sweepTime)
	told, first := false, true
	for {
		select {
		case status, some := <-s.main:
			if some {
				s.note(status)
				continue
			}
			if !told {
				_ = s.reports.Encode(report{Exit: &s.exit}) // The broker may have died.
			}
			return
		case <-timer.C:
			names := s.kill()
			if first {
				s.exit.Left, first = names, false
			}
			if !told && time.Now().After(stuckAt) {
				told, s.exit.Stuck = true, names
				_ = s.reports.Encode(report{Exit: &s.exit}) // As above.
			}
			timer.Reset(20 * time.Millisecond)
		}
	}
}

// signal sends a signal to the program's group and to the processes that have left it.
func (s *supervisor) signal(signal syscall.Signal) {
	for _, signal := range []syscall.Signal{signal, syscall.SIGCONT} {
		_ = syscall.Kill(-s.pid, signal) // Others may have ended it.
		for _, p := range descendants(os.Getpid()) {
			if p.group != s.pid {
				p.signal(signal)
			}
		}
	}
}

// kill sends KILL to all descendants, and returns the names of those that are not the
// program. It stops them first, so that none can escape by forking faster than the list
// is read.
func (s *supervisor) kill() []string {
	seen := map[int]bool{}
	var found []process
	for range 20 {
		grown := false
		for _, p := range descendants(os.Getpid()) {
			if !seen[p.pid] {
				seen[p.pid], grown = true, true
				found = append(found, p)
				p.signal(syscall.SIGSTOP)
			}
		}
		if !grown {
			break
		}
	}
	var names []string
	for _, p := range found {
		p.signal(syscall.SIGKILL)
		if p.pid != s.pid {
			names = addName(names, p.name)
		}
	}
	return names
}

// A process is an entry of /proc.
type process struct {
	pid, parent, group int
	name               string
	// begin is when it started. With the pid, it identifies the process.
	begin string
}

// signal sends a signal to the process, and not to a later one with its pid.
func (p process) signal(signal syscall.Signal) {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		_ = syscall.Kill(p.pid, signal) // Old kernels and sandboxes have no descriptors of processes.
		return
	}
	if err != nil {
		return // It has ended.
	}
	defer unix.Close(fd) //nolint:errcheck // Nothing was written.
	if now, ok := readProcess(strconv.Itoa(p.pid)); ok && now.begin == p.begin {
		_ = unix.PidfdSendSignal(fd, signal, nil, 0) // It may have ended.
	}
}

// descendants returns the processes below one that have not ended.
func descendants(of int) []process {
	directory, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	names, err := directory.Readdirnames(-1)
	_ = directory.Close() // It was only read.
	if err != nil {
		return nil
	}
	children := map[int][]process{}
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		if p, ok := readProcess(name); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	var all []process
	queue := []int{of}
	for len(queue) > 0 {
		all = append(all, children[queue[0]]...)
		for _, child := range children[queue[0]] {
			queue = append(queue, child.pid)
		}
		queue = queue[1:]
	}
	return all
}

// readProcess reads an entry of /proc. ok is false if the process has ended.
func readProcess(pid string) (p process, ok bool) {
	line, err := os.ReadFile("/proc/" + pid + "/stat") //nolint:gosec // G304: the name is a number.
	if err != nil {
		return p, false
	}
	// The name is in parentheses, and can have some itself.
	text := string(line)
	begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if begin < 0 || end < begin {
		return p, false
	}
	fields := strings.Fields(text[end+1:])
	// A zombie with threads still works.
	if len(fields) < 20 || fields[0] == "X" || fields[0] == "Z" && fields[17] == "1" {
		return p, false
	}
	p.name, p.begin = text[begin+1:end], fields[19]
	for i, into := range []*int{&p.pid, &p.parent, &p.group} {
		field := pid
		if i > 0 {
			field = fields[i]
		}
		if *into, err = strconv.Atoi(field); err != nil {
			return p, false
		}
	}
	return p, true
}
