//go:build unix

package main

import (
	"net/http"
	"strings"

	"github.com/openbroker/openbroker/durable"
)

// checkResources checks that each record is ready or deleted, that the ledger has
// the resource of each ready record, and that it has no other resource.
func (e *evidence) checkResources(f *findings) {
	statuses := map[string]durable.RecordStatus{}
	for name, record := range e.instances {
		statuses[name] = record.Status
	}
	for name, record := range e.bindings {
		statuses[name] = record.Status
		instance := e.instances[record.Key.InstanceID].Status
		if record.Status == durable.StatusReady && instance != durable.StatusReady {
			f.add(checkResources, "the binding %s is ready, but its instance is %q", name, instance)
		}
	}
	for name, status := range statuses {
		f.countItem(checkResources)
		_, exists := e.resources[name]
		switch {
		case status == durable.StatusReady && !exists:
			f.add(checkResources, "ghost: %s is ready, but the ledger has no such resource", name)
		case status == durable.StatusDeleted && exists:
			f.add(checkResources, "orphan: %s is deleted, but the ledger still has it", name)
		case status != durable.StatusReady && status != durable.StatusDeleted:
			f.add(checkResources, "%s is still %q", name, status)
		}
	}
	for name := range e.resources {
		f.countItem(checkResources)
		if _, known := statuses[name]; !known {
			f.add(checkResources, "orphan: the ledger has %s, which the store does not have", name)
		}
	}
}

// checkContent checks that the broker returns the content of each resource, and
// the result of the attempt that wrote it.
func (e *evidence) checkContent(f *findings) {
	for name, view := range e.views {
		r, exists := e.resources[name]
		if view.status != http.StatusOK || !exists {
			continue
		}
		writer := e.attempts[r.Writer-1]
		o := e.operations[writer.Operation]
		if strings.Contains(name, "/") {
			f.countItem(checkCredentials)
			if view.secret() == "" || view.secret() != r.Secret {
				f.add(checkCredentials, "the credentials of %s from the broker differ from those of the resource, which attempt %s wrote", name, writer.fingerprint())
			}
		} else if o.State == durable.OperationSucceeded {
			parameters, _ := view.body["parameters"].(map[string]any)
			f.countItem(checkContent)
			if view.text("plan_id") != r.Plan || versionOf(parameters) != versionOf(object(r.Parameters)) {
				f.add(checkContent, "%s: the broker returns plan %q and %v, but the resource has plan %q and %s", name, view.text("plan_id"), parameters, r.Plan, r.Parameters)
			}
		}
		if o.State != durable.OperationSucceeded {
			// The update failed after its effect. The engine treats the instance as
			// unchanged, as durable.Provider documents.
			f.count("resources last written by a failed update")
			continue
		}
		f.countItem(checkContent)
		if view.fingerprint() != writer.fingerprint() {
			f.add(checkContent, "%s: the broker has the result of attempt %s, but attempt %s wrote the resource", name, view.fingerprint(), writer.fingerprint())
		}
	}
	for name, record := range e.bindings {
		if view, asked := e.views[name]; record.Status == durable.StatusReady && (!asked || view.status != http.StatusOK || view.secret() == "") {
			f.add(checkCredentials, "the binding %s is ready, but its credentials cannot be read: %v", name, view)
		}
	}
}

// checkExpected checks that the store and the broker have each instance and
// binding as its client left it.
func (e *evidence) checkExpected(f *findings) {
	for name, expected := range e.expectations {
		f.countItem(checkExpected)
		status := e.instances[expected.instance].Status
		if expected.binding != "" {
			status = e.bindings[name].Status
		}
		view := e.views[name]
		wanted, code := durable.StatusReady, http.StatusOK
		if !expected.exists {
			wanted, code = durable.StatusDeleted, http.StatusNotFound
		}
		if status == "" {
			status = durable.StatusDeleted // Its creation was never accepted.
		}
		if status != wanted {
			f.add(checkExpected, "%s is %q, but its client left it %q", name, status, wanted)
		}
		if view.status != code {
			f.add(checkExpected, "the response to GET of %s is %v, but its client left it %q", name, view, wanted)
		}
		parameters, _ := view.body["parameters"].(map[string]any)
		if expected.exists && expected.binding == "" && (view.text("plan_id") != expected.plan || versionOf(parameters) != versionOf(map[string]any{"version": float64(expected.version)})) {
			f.add(checkExpected, "%s has plan %q and parameters %v, but the last response to its client had plan %q and version %d", name, view.text("plan_id"), parameters, expected.plan, expected.version)
		}
	}
	for name, record := range e.instances {
		if _, known := e.expectations[name]; !known {
			f.add(checkExpected, "no client made the instance %s, which is %q", name, record.Status)
		}
	}
}
