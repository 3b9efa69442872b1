//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// evidence is the data that the checks compare after the run.
type evidence struct {
	// The records of the store.
	instances  map[string]durable.InstanceRecord
	bindings   map[string]durable.BindingRecord
	operations map[string]durable.OperationRecord
	// The records of the ledger.
	attempts  []attempt
	resources map[string]resource
	// The records of the clients.
	acknowledged []acknowledgement
	finals       map[string]string
	expectations map[string]expectation
	// The final responses of the broker: last_operation by operation, and GET by
	// resource.
	polled map[string]string
	views  map[string]answer
	// The injected faults.
	disturbances []disturbance
	lease        time.Duration
}

// askAll requests every operation and resource that clients have recorded.
func (e *evidence) askAll(ctx context.Context, p *platform) {
	p.journal.mu.Lock()
	e.acknowledged, e.finals, e.expectations = p.journal.acknowledged, p.journal.finals, p.journal.expectations
	p.journal.mu.Unlock()
	e.polled, e.views = map[string]string{}, map[string]answer{}
	var mu sync.Mutex
	questions := make(chan func(*actor))
	var askers sync.WaitGroup
	for i := range 8 {
		a := &actor{platform: p, random: newRandom(uint64(i), "ask")}
		askers.Go(func() {
			for question := range questions {
				question(a)
			}
		})
	}
	asked := map[string]bool{}
	for _, acknowledged := range e.acknowledged {
		operation := acknowledged.operation
		if operation == "" || asked[operation] {
			continue
		}
		asked[operation] = true
		questions <- func(a *actor) {
			got, err := a.repeat(ctx, request{method: http.MethodGet, path: pathOf(acknowledged.instance, acknowledged.binding) + "/last_operation", query: url.Values{"operation": {operation}}})
			state := got.text("state")
			if err != nil || got.status != http.StatusOK {
				state = fmt.Sprintf("%v (error: %v)", got, err)
			}
			mu.Lock()
			defer mu.Unlock()
			e.polled[operation] = state
		}
	}
	for name, expected := range e.expectations {
		questions <- func(a *actor) {
			got, err := a.repeat(ctx, request{method: http.MethodGet, path: pathOf(expected.instance, expected.binding)})
			if err != nil {
				got.body = map[string]any{"error": err.Error()}
			}
			mu.Lock()
			defer mu.Unlock()
			e.views[name] = got
		}
	}
	close(questions)
	askers.Wait()
}

func pathOf(instance, binding string) string {
	path := "/v2/service_instances/" + instance
	if binding != "" {
		path += "/service_bindings/" + binding
	}
	return path
}

// readStore reads all records of the store.
func (e *evidence) readStore(ctx context.Context, store durable.Store) error {
	e.instances, e.bindings, e.operations = map[string]durable.InstanceRecord{}, map[string]durable.BindingRecord{}, map[string]durable.OperationRecord{}
	const limit = 500
	for filter := (durable.Filter{Limit: limit}); ; {
		page, err := store.Instances(ctx, filter)
		if err != nil {
			return err
		}
		for _, record := range page {
			e.instances[record.Key.InstanceID] = record
			filter.After = record.Key
		}
		if len(page) < limit {
			break
		}
	}
	for filter := (durable.Filter{Limit: limit}); ; {
		page, err := store.Bindings(ctx, filter)
		if err != nil {
			return err
		}
		for _, record := range page {
			e.bindings[resourceName(record.Key.InstanceID, record.Key.BindingID)] = record
			filter.After = record.Key
		}
		if len(page) < limit {
			break
		}
	}
	for filter := (durable.Filter{Limit: limit}); ; {
		page, err := store.Operations(ctx, filter)
		if err != nil {
			return err
		}
		for _, record := range page {
			e.operations[record.ID] = record
			filter.AfterID = record.ID
		}
		if len(page) < limit {
			return nil
		}
	}
}

// writeStore writes the records of the store to files for investigations. It
// leaves out sealed data.
func (e *evidence) writeStore(directory string) error {
	var problems []error
	write := func(name string, records any) {
		encoded, err := json.MarshalIndent(records, "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join(directory, name), encoded, 0o600)
		}
		problems = append(problems, err)
	}
	operations := make([]durable.OperationRecord, 0, len(e.operations))
	for _, o := range e.operations {
		o.Data, o.Checkpoint = nil, nil
		operations = append(operations, o)
	}
	write("operations.json", operations)
	statuses := map[string]durable.RecordStatus{}
	for name, record := range e.instances {
		statuses[name] = record.Status
	}
	for name, record := range e.bindings {
		statuses[name] = record.Status
	}
	write("statuses.json", statuses)
	return errors.Join(problems...)
}
