//go:build unix

package testserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// A Home is the temporary directory of a server, and the account that it runs as.
type Home struct {
	// Path is the directory. It belongs to the account.
	Path string
	// Account is nil for the account of the test.
	Account *syscall.Credential
	// lock is held as long as the process of the test lives, see sweep.
	lock *os.File
}

// NewHome makes a directory for a server, and deletes those that killed tests left. If
// the test runs as root, the server gets the first of the named accounts that exists;
// "nobody" exists everywhere. Remove the directory when done.
func NewHome(accounts ...string) (*Home, error) {
	account, err := unprivileged(append(accounts, "nobody"))
	if err != nil {
		return nil, err
	}
	sweep(os.TempDir())
	h := &Home{Account: account}
	if h.Path, h.lock, err = makeDirectory(os.TempDir()); err != nil {
		return nil, err
	}
	if err := h.Own(h.Path); err != nil {
		return nil, errors.Join(err, h.Remove())
	}
	return h, nil
}

// Own gives a file or a directory to the account.
func (h *Home) Own(path string) error {
	if h.Account == nil {
		return nil
	}
	return os.Chown(path, int(h.Account.Uid), int(h.Account.Gid))
}

// WriteFile writes a file of the account, with mode 0600, and returns its path.
func (h *Home) WriteFile(name string, content []byte) (string, error) {
	path := filepath.Join(h.Path, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", err
	}
	return path, h.Own(path)
}

// Mkdir makes a directory of the account, with mode 0700, and returns its path.
func (h *Home) Mkdir(name string) (string, error) {
	path := filepath.Join(h.Path, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", err
	}
	return path, h.Own(path)
}

// Remove deletes the directory. It can be called twice.
func (h *Home) Remove() error {
	err := os.RemoveAll(h.Path)
	if h.lock != nil {
		err = errors.Join(err, h.lock.Close())
		h.lock = nil
	}
	return err
}

// The ports of servers. They lie below those that systems give to outgoing connections
// (32768 and above on Linux), because a server comes back at its port after a restart:
// meanwhile a client of somebody else could have got it, and even a client that dials it
// again and again could get it for its own end, and so be connected to itself.
const (
	firstPort = 10_000
	lastPort  = 32_000
)

// FreePort returns a port of 127.0.0.1 that is free now, and that no outgoing connection
// gets.
func FreePort(ctx context.Context) (int, error) {
	var problem error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // No secret.
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
		problem = err
	}
	return 0, fmt.Errorf("testserver: found no free port: %w", problem)
}
