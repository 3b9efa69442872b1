package program

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// lingerTime is how long processes that a program leaves behind may end by
	// themselves, such as the end of a pipe, before they are ended.
	lingerTime = 250 * time.Millisecond
	// sweepTime is how long the supervisor tries to end processes before it says that
	// they are stuck.
	sweepTime = 5 * time.Second
)

// Supervise is the main function of the supervisor of one program. It becomes the
// subreaper of the program, runs it, and ends everything that the program started: when
// the program has ended, when the broker asks for it, and when the broker dies. It returns
// the exit code of the process. Its arguments are only for the list of processes.
func Supervise([]string) int {
	// The program gets KILL when this thread ends, so it must be that of the process.
	runtime.LockOSThread()
	runtime.GOMAXPROCS(2)
	for _, fd := range []int{controlDescriptor, lockDescriptor} {
		unix.CloseOnExec(fd)
	}
	control := os.NewFile(controlDescriptor, "control")
	if _, err := control.Stat(); err != nil {
		return 2 // A person has started it.
	}
	// Only the broker decides. Caught signals, unlike ignored ones, are not inherited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE)
	s := &supervisor{control: control, reports: json.NewEncoder(control)}
	if err := s.run(); err != nil {
		return 1
	}
	return 0
}

type supervisor struct {
	control *os.File
	reports *json.Encoder
	grace   time.Duration
	// pid is that of the program, of its group and of its session.
	pid int
	// asked gets a value when the broker asks for the end, and is closed when it has died.
	asked chan struct{}
	// main gets the end of the program, and is closed when no child is left.
	main chan syscall.WaitStatus
	exit Exit
}

// run runs the program. Reports to a broker that has died are lost.
func (s *supervisor) run() error {
	decoder := json.NewDecoder(s.control)
	var todo order
	if err := decoder.Decode(&todo); err != nil {
		return err
	}
	s.grace = time.Duration(todo.Grace)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return s.refuse("becoming its subreaper: ", err)
	}
	pid, err := syscall.ForkExec(todo.Path, todo.Arguments, &syscall.ProcAttr{ //nolint:gosec // G204: the broker orders it.
		Dir: todo.Directory, Env: todo.Environment, Files: []uintptr{0, 1, 2, 3, 4},
		// A session of its own has no terminal.
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return s.refuse("", err)
	}
	s.pid = pid
	if err := s.letGo(); err != nil {
		return s.refuse("closing its streams: ", err)
	}
	_ = s.reports.Encode(report{PID: pid})
	s.asked, s.main = make(chan struct{}, 1), make(chan syscall.WaitStatus, 1)
	go s.reap()
	go s.listen(io.MultiReader(decoder.Buffered(), s.control))
	s.await()
	return nil
}

func (s *supervisor) refuse(text string, err error) error {
	errno := syscall.EINVAL
	errors.As(err, &errno)
	_ = s.reports.Encode(report{Errno: int(errno), Text: text})
	return err
}

// letGo closes the streams of the program, so that only the program has them.
func (s *supervisor) letGo() error {
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	for fd := range controlDescriptor {
		if err := unix.Dup3(null, fd, unix.O_CLOEXEC); err != nil {
			return err
		}
	}
	return unix.Close(null)
}

// reap waits for all children: the program, and processes that lost their parent.
func (s *supervisor) reap() {
	defer close(s.main)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return // There are no more.
		case pid == s.pid:
			s.main <- status
		}
	}
}

// listen waits for the broker: for its wish to end the program, or its death.
func (s *supervisor) listen(broker io.Reader) {
	defer close(s.asked)
	character := make([]byte, 1)
	for {
		if _, err := io.ReadFull(broker, character); err != nil {
			return
		}
		if character[0] != endByte {
			continue // The end of the order.
		}
		select {
		case s.asked <- struct{}{}:
		default:
		}
	}
}

// await waits until everything has ended, and ends it if it must.
func (s *supervisor) await() {
	var expired <-chan time.Time
	asked := s.asked
	for {
		select {
		case status := <-s.main:
			s.note(status)
			s.sweep(lingerTime)
			return
		case <-asked:
			asked = nil
			s.exit.Stopped = true
			if s.grace < 0 {
				s.sweep(0)
				return
			}
			s.signal(syscall.SIGTERM)
			timer := time.NewTimer(s.grace)
			defer timer.Stop()
			expired = timer.C
		case <-expired:
			s.exit.Killed = true
			s.sweep(0)
			return
		}
	}
}
