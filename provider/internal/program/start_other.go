//go:build !linux

package program

import "context"

// Supervise refuses: there are no subreapers here.
func Supervise([]string) int { return 2 }

// HasSupervisor says whether programs can have a supervisor.
const HasSupervisor = false

type lockFile struct{}

// lock does nothing: programs are not locked here.
func (Program) lock(context.Context) (*lockFile, error) { return nil, nil } //nolint:nilnil // There is no lock.

func (*lockFile) release(bool) {}

func (p Program) start(path string, pipes *pipes, _ *lockFile) (running, error) {
	return p.startDirectly(path, pipes)
}
