//go:build unix

package rabbittest

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/openbroker/openbroker/internal/testserver"
)

// An epmd tells the nodes of a cluster the ports of each other. Without one of ours, a
// node would start one for the whole machine, which would stay.
type epmd struct {
	port    int
	process *testserver.Process
}

func startEPMD(ctx context.Context, home *testserver.Home) (*epmd, error) {
	port, err := testserver.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	command := exec.Command("epmd", "-port", strconv.Itoa(port), "-address", "127.0.0.1") //nolint:gosec,noctx // It outlives the call.
	command.Env = []string{}
	process, err := home.Launch(command)
	if err != nil {
		return nil, err
	}
	e := &epmd{port: port, process: process}
	err = process.WaitReady(ctx, func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (e *epmd) stop() error { return e.process.End(syscall.SIGKILL) }
