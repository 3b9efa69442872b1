package program_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/openbroker/openbroker/provider/internal/program"
)

// A process that is just being started has a copy of the descriptor of the lock for a moment.
// The file does not stay because of it.
func TestLockIsRemoved(t *testing.T) {
	t.Parallel()
	lock := filepath.Join(t.TempDir(), "lock")
	var held int
	p, s := shell("echo >&3"), silent()
	p.Lock = lock
	s.Talk = func(io.Reader, *os.File) (err error) {
		held, err = copyOf(lock)
		return err
	}
	if _, err := program.Run(t.Context(), p, s); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is left: %v", err)
	}
	if err := unix.Close(held); err != nil {
		t.Error(err)
	}
}

// copyOf copies the descriptor that this process has of a file.
func copyOf(path string) (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err != nil || target != path {
			continue
		}
		descriptor, err := strconv.Atoi(entry.Name())
		if err != nil {
			return 0, err
		}
		return unix.FcntlInt(uintptr(descriptor), unix.F_DUPFD_CLOEXEC, 0)
	}
	return 0, os.ErrNotExist
}

// Programs with one lock run one after the other. Waiting ends with the context.
func TestLock(t *testing.T) {
	t.Parallel()
	lock := filepath.Join(t.TempDir(), "lock")
	var running, most atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			p, s := shell("echo >&3; sleep 0.01"), silent()
			p.Lock = lock
			s.Talk = func(lines io.Reader, _ *os.File) error {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				_, err := io.Copy(io.Discard, lines)
				running.Add(-1)
				return err
			}
			if _, err := program.Run(t.Context(), p, s); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most.Load() != 1 {
		t.Errorf("%d programs have run at a time", most.Load())
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	p := shell("true")
	p.Lock, p.Waiting = lock, func() { cancel(errCancelled) }
	first, s := shell("echo >&3; read -r x <&4"), silent()
	first.Lock = lock
	s.Talk = func(lines io.Reader, replies *os.File) error {
		if _, err := lines.Read(make([]byte, 1)); err != nil {
			return err
		}
		if _, err := program.Run(ctx, p, silent()); !errors.Is(err, errCancelled) {
			t.Error(err)
		}
		_, err := fmt.Fprintln(replies)
		return err
	}
	if _, err := program.Run(t.Context(), first, s); err != nil {
		t.Error(err)
	}
}
