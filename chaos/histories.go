//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/openbroker/openbroker/chaos/internal/history"
	"github.com/openbroker/openbroker/durable"
)

const (
	// rivals is the number of clients of an instance.
	rivals = 3
	// searchLimit is the longest time to check a history. A history that takes longer
	// is a violation.
	searchLimit = time.Minute
	// explainLimit is the longest time to explain or draw a history, and mostExplained the
	// number of histories for which that is done.
	explainLimit  = 20 * time.Second
	mostExplained = 3
	// historyTime is the time for the histories with one fault.
	historyTime = 20 * time.Second
)

// recorded is a history with its fault.
type recorded struct {
	instance, fault string
	history.History
	// searched is the duration of the check.
	searched time.Duration
}

// contested lists the plans of the instances in histories, in turn. An operation of
// planHasty may be out of time after its effect, so no rival can use the instance.
var contested = []string{planAuto, planAsync, planParallel, planSync, planManual}

func traitsOf(plan string) history.Traits {
	return history.Traits{
		Asynchronous: policies()[plan].Mode == durable.ModeAsynchronous,
		Parallel:     plan == planParallel,
		Manual:       plan == planManual,
	}
}

// historiesTime is the time that the histories need.
func (r *session) historiesTime() time.Duration {
	if r.settings.histories == 0 {
		return 0
	}
	return time.Duration(len(r.faults.kinds())) * historyTime
}

// recordHistories records histories. Each has one fault, so that few requests have an
// uncertain effect, and the search for an order ends.
func (r *session) recordHistories(ctx context.Context) {
	if r.settings.histories == 0 {
		return
	}
	r.say("recording %d histories for each of %d faults", r.settings.histories, len(r.faults.kinds()))
	for n, fault := range r.faults.kinds() {
		if ctx.Err() != nil {
			return
		}
		r.recordFault(ctx, n, fault, func(random *rand.Rand) { r.faults.inject(ctx, fault, random) })
	}
}

// recordFault records the histories with one fault, which inject injects.
func (r *session) recordFault(ctx context.Context, round int, fault string, inject func(*rand.Rand)) {
	random := newRandom(r.settings.seed, "history", fault)
	broken, over := make(chan struct{}), make(chan struct{})
	var contests []*contest
	var warm, clients sync.WaitGroup
	for i := range r.settings.histories {
		c := newContest(r.platform, fmt.Sprintf("h%d-i%d", round, i), contested[(round+i)%len(contested)])
		contests = append(contests, c)
		for n := range rivals {
			v := c.rival(n, newRandom(random.Uint64(), strconv.Itoa(n)))
			warm.Add(1)
			clients.Go(func() { v.contend(ctx, &warm, broken, over) })
		}
	}
	warm.Wait()
	close(broken)
	inject(random)
	close(over)
	clients.Wait()
	r.awaitOperations(ctx, r.patience)
	for _, c := range contests {
		if err := c.conclude(ctx, newRandom(random.Uint64(), "conclude")); err != nil {
			r.findings.add(checkEnded, "the client of %s did not finish: %v", c.id, err)
		}
		r.histories = append(r.histories, recorded{instance: c.id, fault: fault, History: history.History{Traits: traitsOf(c.plan), Calls: c.recorder.calls}})
	}
}

// checkHistories checks the histories, and writes those that are wrong to files.
func (r *session) checkHistories() {
	for i := range r.histories {
		h := &r.histories[i]
		r.findings.countItem(checkHistories)
		path := filepath.Join(r.directory, "history-"+h.instance)
		if err := writeHistory(path, h.History); err != nil {
			r.findings.add(checkHistories, "%v", err)
		}
		start := time.Now()
		err := h.Check(r.search)
		if h.searched = time.Since(start); err == nil {
			continue
		}
		if r.findings.found[checkHistories] >= mostExplained {
			r.findings.add(checkHistories, "%s, %s: %v: see %s.txt", h.instance, h.fault, err, path)
			continue
		}
		r.findings.add(checkHistories, "%s, %s: %v %s: see %s.html and .txt", h.instance, h.fault, err, h.Explain(explainLimit), path)
		if err := h.Draw(path+".html", explainLimit); err != nil {
			r.findings.add(checkHistories, "%v", err)
		}
	}
}

// writeHistory writes a history for readers and for programs.
func writeHistory(path string, h history.History) error {
	encoded, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path+".json", encoded, 0o600), os.WriteFile(path+".txt", []byte(h.String()), 0o600))
}

func (r *session) historiesWith(fault string) int {
	n := 0
	for i := range r.histories {
		if r.histories[i].fault == fault {
			n++
		}
	}
	return n
}

func (r *session) rowsOfHistories(row func(string, any)) {
	calls, uncertain, longest := 0, 0, time.Duration(0)
	for i := range r.histories {
		h := &r.histories[i]
		calls += len(h.Calls)
		for j := range h.Calls {
			if c := &h.Calls[j]; c.Lost || c.Status == http.StatusServiceUnavailable {
				uncertain++
			}
		}
		longest = max(longest, h.searched)
	}
	row("histories", fmt.Sprintf("%d\t%d requests, %d without a certain response; the longest search took %v", len(r.histories), calls, uncertain, longest.Round(time.Millisecond)))
}
