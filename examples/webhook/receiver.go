package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// patience is how long a request waits for its answer before it gets a 202.
const patience = time.Second

// operations is where the broker asks for the answer.
const operations = "/operations/"

// known are the operations.
var known = []string{"provision", "update", "deprovision", "bind", "unbind"}

// A receiver answers the requests of the broker.
type receiver struct {
	keys    [][]byte
	folders folders

	mu   sync.Mutex
	jobs map[string]*job // By what is behind the generation in the webhook-id.
}

// A job is the work on one operation, for all of its attempts.
type job struct {
	request *request
	cancel  context.CancelFunc
	ended   chan struct{}
	// What follows is known when the job has ended. The answer is nil if it failed.
	answer object
	// until is how long the answer is kept: as long as its messages could be replayed.
	until time.Time
}

func (j *job) over() bool {
	select {
	case <-j.ended:
		return true
	default:
		return false
	}
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("Webhook-Id")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err == nil {
		err = verify(r.Header, rc.keys, body)
	}
	if err != nil {
		rc.reply(w, id, http.StatusUnauthorized, "text/plain", []byte(err.Error()))
		return
	}
	_, key, _ := strings.Cut(id, "_") // Behind the generation: the same for each attempt.
	if r.Method == http.MethodGet {
		rc.mu.Lock()
		j := rc.jobs[strings.TrimPrefix(r.URL.Path, operations)]
		rc.mu.Unlock()
		if j == nil { // It was in the memory of an earlier process. The broker sends the request again.
			rc.reply(w, id, http.StatusNotFound, "text/plain", []byte("unknown operation"))
			return
		}
		rc.answer(w, r, id, j, key)
		return
	}
	var q request
	if err := json.Unmarshal(body, &q); err != nil {
		rc.reply(w, id, http.StatusBadRequest, "text/plain", []byte("the body is no JSON"))
		return
	}
	if q.Operation == "cancel" {
		rc.giveUp(&q)
		rc.reply(w, id, http.StatusNoContent, "", nil)
		return
	}
	if !slices.Contains(known, q.Operation) {
		rc.reply(w, id, http.StatusBadRequest, "text/plain", []byte("unknown operation"))
		return
	}
	j := rc.begin(key, &q) //nolint:contextcheck // The work outlives the request.
	if j == nil {
		rc.reply(w, id, http.StatusConflict, "text/plain", []byte("a later attempt has begun"))
		return
	}
	rc.answer(w, r, id, j, key)
}

// givenUp returns the answer to a request whose operation was cancelled.
func givenUp() object {
	return object{"error": object{"status": http.StatusConflict, "description": "The operation was given up."}}
}

// giveUp cancels an operation. If its request is still on its way, it finds that answer
// when it comes: otherwise it would make what is not deleted later.
func (rc *receiver) giveUp(q *request) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.forget()
	_, key, _ := strings.Cut(q.Message, "_")
	if j := rc.jobs[key]; j != nil {
		j.cancel()
		return
	}
	j := &job{request: q, cancel: func() {}, ended: make(chan struct{}), answer: givenUp(), until: time.Now().Add(2 * tolerance)}
	close(j.ended)
	rc.jobs[key] = j
}

// forget removes jobs that were kept for long enough. It needs the mutex.
func (rc *receiver) forget() {
	for old, j := range rc.jobs {
		if j.over() && j.until.Before(time.Now()) {
			delete(rc.jobs, old)
		}
	}
}

// begin returns the job of a request, which may be a new one, or nil for an older
// generation.
func (rc *receiver) begin(key string, q *request) *job {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.forget()
	if j := rc.jobs[key]; j != nil {
		if q.Generation < j.request.Generation {
			return nil
		}
		j.request.Generation = q.Generation
		return j
	}
	var earlier []*job
	for _, j := range rc.jobs {
		if q.supersedes(j.request) {
			earlier = append(earlier, j)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{request: q, cancel: cancel, ended: make(chan struct{})}
	rc.jobs[key] = j
	work := *q
	go func() {
		defer cancel()
		for _, e := range earlier { // What they make now would be left behind.
			e.cancel()
			<-e.ended
		}
		answer, err := rc.folders.do(ctx, &work)
		switch {
		case ctx.Err() != nil: // It is kept, so that a replayed request does not begin again.
			answer = givenUp()
			fmt.Println("given up:", work.Operation, work.ID)
		case err != nil: // The broker tries again.
			answer = nil
			fmt.Println("failed:", work.Operation, work.ID, err)
		}
		if j.answer = answer; answer != nil {
			j.until = time.Now().Add(2 * tolerance)
		}
		close(j.ended)
	}()
	return j
}

// answer sends the answer of a job, or a 202 if it takes longer.
func (rc *receiver) answer(w http.ResponseWriter, r *http.Request, id string, j *job, key string) {
	select {
	case <-j.ended:
	case <-r.Context().Done():
		return
	case <-time.After(patience):
		w.Header().Set("Location", operations+key)
		w.Header().Set("Retry-After", "1")
		rc.reply(w, id, http.StatusAccepted, "application/json", []byte(`{"description": "The folder is being made."}`))
		return
	}
	if j.answer == nil {
		rc.reply(w, id, http.StatusServiceUnavailable, "text/plain", []byte("the work has failed"))
		return
	}
	body, err := json.Marshal(j.answer)
	if err != nil {
		rc.reply(w, id, http.StatusInternalServerError, "text/plain", nil)
		return
	}
	rc.reply(w, id, http.StatusOK, "application/json", body)
}

// reply sends a signed answer.
func (rc *receiver) reply(w http.ResponseWriter, id string, status int, media string, body []byte) {
	sign(w.Header(), rc.keys[0], id, body)
	if media != "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // The broker asks again.
}
