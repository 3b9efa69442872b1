//go:build linux

package bench_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// A measuredProcess is a running `openbroker serve`.
type measuredProcess struct {
	cmd     *exec.Cmd
	address net.Addr
}

// measuredBody is a provision for measuredConfig, as Cloud Foundry sends it.
func measuredBody() string {
	return fmt.Sprintf(`{"service_id":%q,"plan_id":%q,`, sqlitefile.ServiceID, sqlitefile.SmallPlanID) + cfContext + "}"
}

// buildBinary returns the path of the program openbroker.
func buildBinary(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "openbroker")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "../cmd/openbroker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	return binary
}

func startProcess(b *testing.B, binary, config string, environment []string) *measuredProcess {
	b.Helper()
	return startIn(b, binary, b.TempDir(), config, environment)
}

// startIn starts a process whose files are in the directory, and waits until it listens.
func startIn(b *testing.B, binary, directory, config string, environment []string) *measuredProcess {
	b.Helper()
	file := filepath.Join(directory, "openbroker.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), binary, "serve", "--config", file)
	cmd.Dir = directory
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory}, environment...)
	// A pipe would wake the process of the benchmark for each line, at a cost that varies.
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	_, host, found := strings.Cut(strings.TrimSpace(line), "://")
	if !found {
		_ = cmd.Process.Kill()
		text, _ := os.ReadFile(log.Name())
		b.Fatalf("the process does not listen:\n%s", text)
	}
	address, err := net.ResolveTCPAddr("tcp", host)
	if err != nil {
		b.Fatal(err)
	}
	return &measuredProcess{cmd, address}
}

func (p *measuredProcess) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// terminate stops a process, which closes its database.
func (p *measuredProcess) terminate(b *testing.B) {
	b.Helper()
	if err := errors.Join(p.cmd.Process.Signal(syscall.SIGTERM), p.cmd.Wait()); err != nil {
		b.Fatal(err)
	}
}

// cpuTime returns the processor time that the process has used.
func (p *measuredProcess) cpuTime(b *testing.B) time.Duration {
	b.Helper()
	// The clock of another process, as clock_getcpuclockid(3) makes it.
	const processClock, shift = 2, 3
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<shift|processClock), &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Nano())
}
