package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A lockFile is a locked file. The supervisor has it too, so the lock is free when both
// processes have ended.
type lockFile struct {
	file *os.File
	path string
}

// lock locks the file of the program. It waits while another program has it, such as that
// of an earlier attempt whose broker died.
func (p Program) lock(ctx context.Context) (*lockFile, error) {
	if p.Lock == "" {
		return nil, nil //nolint:nilnil // There is no lock.
	}
	if err := os.MkdirAll(filepath.Dir(p.Lock), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the locks: %w", err)
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for told := false; ; {
		l, err := tryLock(p.Lock)
		if l != nil || err != nil {
			return l, err
		}
		if !told && p.Waiting != nil {
			told = true
			p.Waiting()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// tryLock returns nil if another program has the lock.
func tryLock(path string) (*lockFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G304: the name is a hash in the data directory.
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, file.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	// The former owner may have removed the file between the two steps.
	ours, err := file.Stat()
	if err == nil {
		var current os.FileInfo
		if current, err = os.Stat(path); err == nil && os.SameFile(ours, current) {
			return &lockFile{file, path}, nil
		}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(err, file.Close())
	}
	return nil, file.Close()
}

// release removes the file and frees the lock. While processes are stuck, the supervisor
// keeps both.
func (l *lockFile) release(stuck bool) {
	if l == nil {
		return
	}
	// Before the lock is free: a process that is just being started has a copy of the
	// descriptor for a moment, so the lock may last longer than the descriptor. Who waits for
	// the lock sees that it has another file.
	if !stuck {
		_ = os.Remove(l.path) // It is empty.
	}
	_ = l.file.Close() // Nothing was written.
}
