//go:build linux

package bench_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// BenchmarkMemory measures the resident memory of `openbroker serve` on SQLite: idle, and
// after 1,000 provisions by 16 clients. anon is the memory of the process alone; file is
// what is mapped of files, above all of the program, which the system can drop and share.
// The targets for both together are 20 and 32 MiB.
func BenchmarkMemory(b *testing.B) {
	binary := buildBinary(b)
	body := measuredBody()
	var idleAnon, idleFile, usedAnon, usedFile []float64
	for b.Loop() {
		process := startProcess(b, binary, measuredConfig, nil)
		anon, file := process.memory(b)
		idleAnon, idleFile = append(idleAnon, anon), append(idleFile, file)
		crowdOf(16, 1000, func(i int) {
			target := fmt.Sprintf("http://%s/v2/service_instances/m-%d?accepts_incomplete=true", process.address, i)
			if status := askProcess(b.Context(), http.MethodPut, target, body); status != http.StatusCreated && status != http.StatusAccepted {
				b.Errorf("status %d", status)
			}
		})
		anon, file = process.memory(b)
		usedAnon, usedFile = append(usedAnon, anon), append(usedFile, file)
		process.stop()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(idleAnon), "idle-anon-MiB")
	b.ReportMetric(median(idleFile), "idle-file-MiB")
	b.ReportMetric(median(usedAnon), "used-anon-MiB")
	b.ReportMetric(median(usedFile), "used-file-MiB")
}

// memory returns the resident memory of a process in MiB: its own, and that of files.
func (p *measuredProcess) memory(b *testing.B) (anon, file float64) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "RssAnon: %f kB", &kib); n == 1 {
			anon = kib / 1024
		}
		if n, _ := fmt.Sscanf(line, "RssFile: %f kB", &kib); n == 1 {
			file = kib / 1024
		}
	}
	return anon, file
}
