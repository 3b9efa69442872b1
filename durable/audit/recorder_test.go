package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/audit"
)

// A sink keeps entries, or fails.
type sink struct {
	mu      sync.Mutex
	err     error
	block   chan struct{}
	entries []string
}

func (s *sink) Record(ctx context.Context, records []*audit.Record) error {
	s.mu.Lock()
	block := s.block
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	for _, r := range records {
		e, err := r.Entry()
		if err != nil {
			return err
		}
		s.entries = append(s.entries, strings.TrimSpace(fmt.Sprintln(e.Action, e.Outcome, e.Status, e.Error, e.InstanceID+e.BindingID, e.Address, e.Count)))
	}
	return nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.block = make(chan struct{})
}

func (s *sink) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.entries
	s.entries = nil
	return taken
}

// A bound broker has one binding.
type bound struct{ openbroker.Broker }

func (bound) GetBinding(_ context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	if r.BindingID == "none" {
		return nil, openbroker.ErrBindingDoesNotExist
	}
	return &openbroker.GetBindingResponse{Credentials: map[string]any{"password": "secret"}}, nil
}

func (bound) Unbind(context.Context, *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	return nil, openbroker.ErrBindingDoesNotExist
}

func (bound) Catalog(context.Context) (*openbroker.Catalog, error) {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "s", Name: "s", Description: "d", Bindable: true, BindingsRetrievable: true, Plans: []openbroker.Plan{{ID: "p", Name: "p", Description: "d"}},
	}}}, nil
}

// recording runs a test with a broker whose requests are recorded. The bubble has a
// clock of its own.
func recording(t *testing.T, strict bool, test func(t *testing.T, s *sink, do func(method, path, password string) *httptest.ResponseRecorder, stop func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := audit.NewRecorder(t.Context(), s, slog.New(slog.DiscardHandler))
		var broker openbroker.Broker = bound{Broker: openbroker.Unimplemented{}}
		if strict {
			broker = r.Strict(broker)
		}
		handler := openbroker.NewHandler(broker, openbroker.WithRequestObserver(r.Observe(nil)), openbroker.WithAuthenticator(passwords{}), openbroker.WithLogger(slog.New(slog.DiscardHandler)))
		stop := sync.OnceFunc(func() { r.Stop(t.Context()) })
		defer stop()
		test(t, s, func(method, path, password string) *httptest.ResponseRecorder {
			request := httptest.NewRequestWithContext(t.Context(), method, "/v2/service_instances/i/service_bindings/"+path, http.NoBody)
			request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
			request.SetBasicAuth("cf", password)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			return answer
		}, stop)
	})
}

// pass moves the clock of the bubble.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // The clock is that of the bubble.
}

type passwords struct{}

func (passwords) Authenticate(r *http.Request) (openbroker.Principal, error) {
	if _, password, _ := r.BasicAuth(); password != "right" {
		return openbroker.Principal{}, errors.New("wrong")
	}
	return openbroker.Principal{Name: "cf"}, nil
}

func (passwords) Challenges() []string { return []string{"Basic"} }

const deletion = "?service_id=s&plan_id=p"

func want(t *testing.T, s *sink, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, s.taken()); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	recording(t, false, func(t *testing.T, s *sink, do func(method, path, password string) *httptest.ResponseRecorder, _ func()) {
		t.Helper()
		do(http.MethodGet, "b", "right")
		want(t, s, "read credentials done 0  ib  0")
		do(http.MethodGet, "none", "right")
		want(t, s)
		do(http.MethodDelete, "b"+deletion, "right")
		want(t, s, "unbind refused 410  ib  0")
		do(http.MethodDelete, "b?service_id=s", "right")
		want(t, s, "unbind refused 400  ib  0")
	})
}

// Many failed logins are one entry.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	recording(t, false, func(t *testing.T, s *sink, do func(method, path, password string) *httptest.ResponseRecorder, stop func()) {
		t.Helper()
		for range 50 {
			do(http.MethodGet, "b", "wrong")
		}
		synctest.Wait()
		if taken := s.taken(); len(taken) != 20 || taken[0] != "log in refused 401   192.0.2.1 0" {
			t.Errorf("%d entries: %q", len(taken), taken)
		}
		pass(time.Second)
		do(http.MethodGet, "b", "wrong")
		want(t, s, "log in refused 401   192.0.2.1 0")
		pass(time.Minute)
		want(t, s, "log in refused 401    30")
		for range 21 {
			do(http.MethodGet, "b", "wrong")
		}
		synctest.Wait()
		if taken := s.taken(); len(taken) != 20 {
			t.Errorf("%d entries", len(taken))
		}
		stop()
		want(t, s, "log in refused 401    1")
	})
}

// While the store is away, entries wait. Those that find the queue full are counted.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	recording(t, false, func(t *testing.T, s *sink, do func(method, path, password string) *httptest.ResponseRecorder, _ func()) {
		t.Helper()
		s.fail(errors.New("the store is away"))
		do(http.MethodGet, "b", "right")
		synctest.Wait()
		const queue, more = 4096, 10
		for range queue + more {
			if answer := do(http.MethodGet, "b", "right"); answer.Code != http.StatusOK {
				t.Fatalf("status %d", answer.Code)
			}
		}
		pass(3 * time.Minute)
		s.fail(nil)
		pass(time.Minute)
		synctest.Wait()
		taken := s.taken()
		read := 0
		lost := ""
		var lostSb200 strings.Builder
		for _, e := range taken {
			if strings.HasPrefix(e, "read credentials") {
				read++
			} else {
				lostSb200.WriteString(e)
			}
		}
		lost += lostSb200.String()
		if read != queue+1 || lost != "lose entries done 0    10" {
			t.Errorf("%d entries, lost: %q", read, lost)
		}
	})
}

// Credentials do not leave without an entry.
func TestStrict(t *testing.T) {
	t.Parallel()
	recording(t, true, func(t *testing.T, s *sink, do func(method, path, password string) *httptest.ResponseRecorder, _ func()) {
		t.Helper()
		if answer := do(http.MethodGet, "b", "right"); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "secret") {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		want(t, s, "read credentials done 0  ib  0")
		if answer := do(http.MethodDelete, "b"+deletion, "right"); answer.Code != http.StatusGone {
			t.Errorf("%d %s", answer.Code, answer.Body)
		}
		want(t, s, "unbind refused 410  ib  0")
		for name, away := range map[string]func(){
			"fails":  func() { s.fail(errors.New("the store is away")) },
			"blocks": s.hang,
		} {
			away()
			for _, method := range []string{http.MethodGet, http.MethodDelete} {
				if answer := do(method, "b"+deletion, "right"); answer.Code != http.StatusServiceUnavailable || strings.Contains(answer.Body.String(), "secret") {
					t.Errorf("%s, %s: %d %s", name, method, answer.Code, answer.Body)
				}
			}
			s.fail(nil)
		}
		close(s.block)
	})
}
