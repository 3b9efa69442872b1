//go:build unix

package testserver_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/openbroker/openbroker/internal/testserver"
)

// Concurrent sweeps do not delete a new directory.
func TestSweepKeepsNewDirectories(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	stop := make(chan struct{})
	var sweepers sync.WaitGroup
	for range 4 {
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					testserver.Sweep(parent)
				}
			}
		})
	}
	for range 300 {
		directory, lock, err := testserver.MakeDirectory(parent)
		if err != nil {
			t.Error(err)
			break
		}
		if err := os.WriteFile(filepath.Join(directory, "data"), nil, 0o600); err != nil {
			t.Error(err)
		}
		if err := lock.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	sweepers.Wait()
	testserver.Sweep(parent)
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("directories with a free lock remain: %v, %v", left, err)
	}
}

// A sweep may happen between the two steps of locking a directory.
func TestSweepWhileLocking(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	directory := filepath.Join(parent, "openbroker-test-new")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := testserver.OpenLock(directory)
	if err != nil {
		t.Fatal(err)
	}
	testserver.Sweep(parent)
	if err := testserver.Hold(directory, lock); !errors.Is(err, testserver.ErrSwept) {
		t.Errorf("hold of a deleted directory: error %v, want ErrSwept", err)
	}
}
