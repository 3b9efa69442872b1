package platform

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/client"
)

// measurements are the results of a load so far.
type measurements struct {
	mu         sync.Mutex
	calls      map[string]*durations
	operations map[string]*durations
	errors     map[string]int
	cycles     int
	left       []string
}

type durations struct {
	all    []time.Duration
	failed int
}

func (m *measurements) call(name string, took time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = observe(m.calls, name, took, err)
	m.count(name, err)
}

func (m *measurements) operation(name string, took time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.operations = observe(m.operations, name, took, err)
	m.count(name, err)
}

func observe(into map[string]*durations, name string, took time.Duration, err error) map[string]*durations {
	if into == nil {
		into = map[string]*durations{}
	}
	d := into[name]
	if d == nil {
		d = &durations{}
		into[name] = d
	}
	// Failures are often fast, and would improve the percentiles.
	if err != nil {
		d.failed++
	} else {
		d.all = append(d.all, took)
	}
	return into
}

func (m *measurements) count(name string, err error) {
	if err == nil {
		return
	}
	if m.errors == nil {
		m.errors = map[string]int{}
	}
	m.errors[name+": "+kindOfError(err)]++
}

// kindOfError classifies an error, so that equal errors can be counted.
func kindOfError(err error) string {
	var response *client.ResponseError
	var silent *client.TransportError
	var failed *client.OperationError
	switch {
	case errors.As(err, &failed) && failed.TimedOut:
		return "operation not finished in time"
	case errors.As(err, &failed):
		return "operation failed"
	case errors.As(err, &response) && response.Malformed != "":
		return strconv.Itoa(response.StatusCode) + " with an invalid response"
	case errors.As(err, &response):
		return fmt.Sprintf("%d %s", response.StatusCode, cmp.Or(response.Code, http.StatusText(response.StatusCode)))
	case errors.As(err, &silent) && silent.Refused:
		return "no connection"
	case errors.As(err, &silent) && silent.Timeout():
		return "no response in time"
	case errors.As(err, &silent):
		return "connection broken"
	default:
		return "ended early"
	}
}

// cycle counts a life cycle, and keeps the id of an instance that is left.
func (m *measurements) cycle(id string, complete, left bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if complete {
		m.cycles++
	}
	if left {
		m.left = append(m.left, id)
	}
}

// remaining returns the ids of instances that are left.
func (m *measurements) remaining() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.left)
}

// deleted removes an instance from those that are left.
func (m *measurements) deleted(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = slices.DeleteFunc(m.left, func(left string) bool { return left == id })
}

// A loadReport is the result of a load. Times are in milliseconds.
type loadReport struct {
	URL         string                 `json:"url"`
	Service     string                 `json:"service"`
	Plan        string                 `json:"plan"`
	Concurrency int                    `json:"concurrency"`
	Seconds     float64                `json:"seconds"`
	Cycles      int                    `json:"cycles"`
	PerSecond   float64                `json:"cycles_per_second"`
	Calls       map[string]percentiles `json:"calls"`
	Operations  map[string]percentiles `json:"operations"`
	Errors      map[string]int         `json:"errors"`
	Left        []string               `json:"left"`
}

type percentiles struct {
	Count  int     `json:"count"`
	Failed int     `json:"failed"`
	P50    float64 `json:"p50_ms"`
	P90    float64 `json:"p90_ms"`
	P99    float64 `json:"p99_ms"`
	Max    float64 `json:"max_ms"`
}

func (m *measurements) report(took time.Duration) *loadReport {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &loadReport{
		Seconds: took.Seconds(), Cycles: m.cycles, PerSecond: float64(m.cycles) / took.Seconds(),
		Calls: summarize(m.calls), Operations: summarize(m.operations), Errors: map[string]int{}, Left: []string{},
	}
	maps.Copy(r.Errors, m.errors)
	r.Left = append(r.Left, m.left...)
	return r
}

func summarize(all map[string]*durations) map[string]percentiles {
	out := map[string]percentiles{}
	for name, d := range all {
		slices.Sort(d.all)
		at := func(share float64) float64 {
			if len(d.all) == 0 {
				return 0
			}
			// The nearest rank is a measured duration.
			index := min(int(share*float64(len(d.all))), len(d.all)-1)
			return float64(d.all[index].Microseconds()) / 1000
		}
		out[name] = percentiles{Count: len(d.all), Failed: d.failed, P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: at(1)}
	}
	return out
}

func (r *loadReport) result() output.Result {
	out := output.Result{
		Value: r, Names: r.Left,
		Title: []string{"WHAT", "COUNT", "FAILED", "P50 MS", "P90 MS", "P99 MS", "MAX MS"},
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	rows := func(prefix string, of map[string]percentiles) {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			p := of[name]
			out.Rows = append(out.Rows, []string{prefix + name, strconv.Itoa(p.Count), strconv.Itoa(p.Failed), number(p.P50), number(p.P90), number(p.P99), number(p.Max)})
		}
	}
	rows("call ", r.Calls)
	rows("operation ", r.Operations)
	out.Rows = append(out.Rows, []string{"life cycles", strconv.Itoa(r.Cycles), "", "", "", "", ""}, []string{"life cycles per second", number(r.PerSecond), "", "", "", "", ""})
	for _, text := range slices.Sorted(maps.Keys(r.Errors)) {
		out.Rows = append(out.Rows, []string{"error " + text, strconv.Itoa(r.Errors[text]), "", "", "", "", ""})
	}
	for _, id := range r.Left {
		out.Rows = append(out.Rows, []string{"left " + id, "", "", "", "", "", ""})
	}
	return out
}
