package client

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/openbroker/openbroker"
)

// newChange returns a call that changes a resource. All calls except an update are
// repeated once if they get no response: their ids make the repetition safe.
func newChange(name, method string, orphan Orphan, acceptsIncomplete bool, caller openbroker.Caller) *call {
	c := &call{
		name: name, method: method, instance: orphan.InstanceID, binding: orphan.BindingID, onBinding: orphan.Kind.onBinding(), caller: caller,
		orphan: orphan, repeat: repetition{ifBroken: method != http.MethodPatch},
	}
	if acceptsIncomplete {
		c.query = append(c.query, parameter{"accepts_incomplete", "true"})
	}
	return c
}

// change sends a call that creates or changes a resource. done is the status of a
// completed call: 201 for a creation, 200 for an update. A creation may also get
// 200, if the resource exists.
func (c *Client) change(ctx context.Context, call *call, done int, read func(*brokerResponse, *reader)) (openbroker.Outcome, error) {
	a, err := c.do(ctx, call)
	if err != nil {
		return 0, err
	}
	var outcome openbroker.Outcome
	switch a.status {
	case done:
		outcome = openbroker.Completed
	case http.StatusOK:
		outcome = openbroker.AlreadyExists
	case http.StatusAccepted:
		outcome = openbroker.Accepted
	default:
		return 0, c.refuse(ctx, call, a, unexpected(a.status))
	}
	return outcome, c.read(ctx, call, a, read)
}

// remove sends a deletion.
func (c *Client) remove(ctx context.Context, name string, orphan Orphan, acceptsIncomplete bool, caller openbroker.Caller, read func(*brokerResponse, *reader)) (openbroker.Outcome, error) {
	call := newChange(name, http.MethodDelete, orphan, acceptsIncomplete, caller)
	call.query = append(call.query, parameter{"service_id", orphan.ServiceID}, parameter{"plan_id", orphan.PlanID})
	return c.change(ctx, call, http.StatusOK, read)
}

// fetch sends a call that reads. Its only success is 200.
func (c *Client) fetch(ctx context.Context, call *call, read func(*brokerResponse, *reader)) error {
	a, err := c.do(ctx, call)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return c.refuse(ctx, call, a, unexpected(a.status))
	}
	return c.read(ctx, call, a, read)
}

func (c *Client) read(ctx context.Context, call *call, a *brokerResponse, read func(*brokerResponse, *reader)) error {
	fields, err := decodeObject(a, c.strict)
	if err != nil {
		return c.refuse(ctx, call, a, err.Error())
	}
	if len(bytes.TrimSpace(a.body)) == 0 && (call.method == http.MethodGet || call.method == http.MethodPut) {
		// Some brokers send an empty response to a deletion, which needs no body.
		return c.refuse(ctx, call, a, "the body is empty, not a JSON object")
	}
	r := &reader{fields: fields, strict: c.strict}
	read(a, r)
	captureExtensions(ctx, r)
	if err := r.finish(); err != nil {
		return c.refuse(ctx, call, a, err.Error())
	}
	return nil
}

// unexpected describes a status that is neither a success of the call nor an error.
// It returns "" for an error.
func unexpected(status int) string {
	switch {
	case status >= 400:
		return ""
	case status >= 300:
		return "a redirect, which the client does not follow: use the final address of the broker"
	default:
		return fmt.Sprintf("the specification does not allow the status %d here", status)
	}
}
