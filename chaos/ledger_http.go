//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// A ledgerCall is a request to the ledger.
type ledgerCall struct {
	Attempt    attempt `json:"attempt"`
	Checkpoint int64   `json:"checkpoint,omitempty"`
	Effect     effect  `json:"effect"`
	Outcome    string  `json:"outcome,omitempty"`
}

// A ledgerReply is the reply of the ledger.
type ledgerReply struct {
	Token   int64 `json:"token,omitempty"`
	Ordinal int   `json:"ordinal,omitempty"`
	Refused bool  `json:"refused,omitempty"`
}

// serve serves the ledger over HTTP. It returns the URL.
func (l *ledger) serve(ctx context.Context) (url string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.findings.add(checkLedger, "the ledger stopped: %v", err)
		}
	}()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// ServeHTTP answers POST /begin, /confirm, /apply and /end.
func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call ledgerCall
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var reply ledgerReply
	switch r.URL.Path {
	case "/begin":
		reply.Token, reply.Ordinal = l.begin(call.Attempt, call.Checkpoint)
		reply.Refused = reply.Token == 0
	case "/confirm":
		l.confirm(call.Attempt.Token)
	case "/apply":
		reply.Refused = !l.apply(call.Attempt.Token, call.Effect)
	case "/end":
		l.end(call.Attempt.Token, call.Outcome)
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(reply) // A write error means that the replica was killed.
}

// A ledgerClient calls the ledger. A call continues after the context of the
// attempt has ended, because a service cannot undo a request.
type ledgerClient struct {
	url  string
	http http.Client
}

func (c *ledgerClient) call(ctx context.Context, path string, call ledgerCall) (ledgerReply, error) {
	var reply ledgerReply
	body, err := json.Marshal(call)
	if err != nil {
		return reply, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return reply, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply, fmt.Errorf("the ledger does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return reply, fmt.Errorf("the ledger answers %s", response.Status)
	}
	return reply, json.NewDecoder(response.Body).Decode(&reply)
}
