//go:build linux

package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

// BenchmarkStart kills `openbroker serve` on SQLite while 16 clients create instances,
// starts it again, and measures from the start of the process to its first answer, a
// poll of an operation. ratio compares a database of 1,000,000 instances with one of
// 1,000, as the median of the rounds. The target is at most 2.
func BenchmarkStart(b *testing.B) {
	binary := buildBinary(b)
	sizes := [...]int{1_000, 1_000_000}
	var brokers [len(sizes)]string
	for i, n := range sizes {
		brokers[i] = b.TempDir()
		process := startIn(b, binary, brokers[i], measuredConfig, nil)
		process.terminate(b)
		fillSQLite(b, filepath.Join(brokers[i], "data", "openbroker.db"), n, 1024)
	}
	var took [len(sizes)][]float64
	var ratios []float64
	round := 0
	for b.Loop() {
		for i := range sizes {
			round++
			process := startIn(b, binary, brokers[i], measuredConfig, nil)
			killUnderLoad(b, process, round)
			began := time.Now()
			process = startIn(b, binary, brokers[i], measuredConfig, nil)
			if status := poll(b, process); status != http.StatusOK {
				b.Fatalf("status %d", status)
			}
			took[i] = append(took[i], milliseconds(time.Since(began)))
			process.stop()
		}
		ratios = append(ratios, took[1][len(took[1])-1]/took[0][len(took[0])-1])
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took[0]), "1k-ms")
	b.ReportMetric(median(took[1]), "1M-ms")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(2, "ratio-target")
}

// killUnderLoad kills a process while it works for 16 clients.
func killUnderLoad(b *testing.B, process *measuredProcess, round int) {
	b.Helper()
	const clients, enough = 16, 1000
	body := measuredBody()
	made := make(chan struct{}, enough)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				target := fmt.Sprintf("http://%s/v2/service_instances/r%d-%d-%d?accepts_incomplete=true", process.address, round, c, i)
				if status := askProcess(ctx, http.MethodPut, target, body); status != http.StatusCreated && status != http.StatusAccepted {
					return // It was killed.
				}
				select {
				case made <- struct{}{}:
				case <-ctx.Done():
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	for range enough {
		select {
		case <-made:
		case <-ended:
			b.Fatal("the process refuses to create instances")
		}
	}
	process.stop()
	cancel()
	<-ended
}

func poll(b *testing.B, process *measuredProcess) int {
	b.Helper()
	return askProcess(b.Context(), http.MethodGet, fmt.Sprintf("http://%s/v2/service_instances/f-1/last_operation", process.address), "")
}

// askProcess returns the status of a request, or 0 if there is no response.
func askProcess(ctx context.Context, method, target, body string) int {
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	r.SetBasicAuth("user", "password")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
