//go:build unix

package main

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// A probe requests the readiness of replicas, like Kubernetes and load
// balancers.
type probe struct {
	fleet    *fleet
	findings *findings
	client   *client
}

const (
	probeTimeout = 3 * storeTimeout
	// readyTimeout is the longest time until a replica is ready again after an
	// outage.
	readyTimeout = 8 * time.Second
	// readyTimes is the number of consecutive successful probes that make a
	// replica ready.
	readyTimes = 20
)

// expectUnready checks that each affected replica reports that it is not ready and, if
// the store is unreadable, answers requests with 503.
func (p *probe) expectUnready(ctx context.Context, fault string, affected []int, unreadable bool) {
	for _, replica := range p.fleet.serving() {
		if replica.isPaused() || !slices.Contains(affected, replica.number) {
			continue
		}
		status, _, err := p.get(ctx, replica, "/readyz")
		if err != nil || replica.isCondemned() || replica.isPaused() {
			continue // Another fault has killed or paused it.
		}
		p.findings.countItem(checkReadiness)
		if status != http.StatusServiceUnavailable {
			p.findings.add(checkReadiness, "%s: /readyz answers with %d, want 503", fault, status)
		}
		if !unreadable {
			continue
		}
		status, header, err := p.get(ctx, replica, "/v2/service_instances/unknown")
		if err != nil {
			continue
		}
		p.findings.countItem(checkUnavailable)
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
			p.findings.add(checkUnavailable, "%s: the response is %d with Retry-After %q, want 503 and a number", fault, status, header.Get("Retry-After"))
		}
	}
}

// expectReady checks that each replica becomes ready again and stays ready, so
// that all its connections work.
func (p *probe) expectReady(ctx context.Context, fault string) {
	for _, replica := range p.fleet.serving() {
		deadline := time.Now().Add(readyTimeout)
		for times := 0; ; times++ {
			status, _, err := p.get(ctx, replica, "/readyz")
			if replica.isCondemned() || replica.isPaused() || ctx.Err() != nil {
				break // Another fault affects the replica.
			}
			if err == nil && status == http.StatusOK && times >= readyTimes {
				p.findings.countItem(checkReadiness)
				break
			}
			if err == nil && status == http.StatusOK {
				continue
			}
			times = 0
			if time.Now().After(deadline) {
				p.findings.add(checkReadiness, "%s: /readyz still answers with %d %v after the fault (error: %v)", fault, status, readyTimeout, err)
				break
			}
			pause(ctx, 100*time.Millisecond)
		}
	}
}

func (p *probe) get(ctx context.Context, replica *process, path string) (int, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	a, err := p.client.do(ctx, replica.url, request{method: http.MethodGet, path: path})
	return a.status, a.header, err
}
