//go:build unix

package main

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openbroker/openbroker/chaos/internal/history"
)

// A recorder records the history of an instance. All its clients share it.
type recorder struct {
	start time.Time
	mu    sync.Mutex
	calls []history.Call
}

// record records a request with its response, or with err without one. A nil recorder
// records nothing.
func (r *recorder) record(sent request, at time.Time, got answer, err error) {
	if r == nil || neverSent(err) {
		return
	}
	call := history.Call{
		Client: sent.client, Kind: kindOf(sent), Binding: sent.binding, Version: numberIn(sent.body), Accepts: sent.accepts,
		Polled: sent.query.Get("operation"), Sent: at.Sub(r.start).Nanoseconds(), Answered: time.Since(r.start).Nanoseconds(),
		Answer: history.Answer{Lost: err != nil},
	}
	if err == nil {
		call.Answered = got.at.Sub(r.start).Nanoseconds()
		writer, _ := splitFingerprint(got.fingerprint())
		call.Answer = history.Answer{
			Status: got.status, Code: got.text("error"), Operation: got.text("operation"), State: got.text("state"), Writer: writer, Found: numberIn(got.body),
			Cancelled: got.text("description") == cancelledText, Deleted: got.text("description") == deletedText,
			Continues: got.status == http.StatusGatewayTimeout && strings.HasPrefix(got.text("description"), tooLongText),
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
}

// neverSent reports whether the client could not connect.
func neverSent(err error) bool {
	var failure *net.OpError
	return errors.As(err, &failure) && failure.Op == "dial"
}

func kindOf(r request) history.Kind {
	switch {
	case r.method == http.MethodGet && strings.HasSuffix(r.path, "/last_operation"):
		return history.Poll
	case r.method == http.MethodGet:
		return history.Fetch
	default:
		return history.Kind(r.kind)
	}
}

// numberIn returns the version in the parameters of a body, or 0.
func numberIn(body map[string]any) int {
	parameters, _ := body["parameters"].(map[string]any)
	switch version := parameters["version"].(type) {
	case int:
		return version
	case float64:
		return int(version)
	default:
		return 0
	}
}
