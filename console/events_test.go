package console_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/console"
)

// A stream is the open stream of a page.
type stream struct {
	f      *fixture
	answer *http.Response
	lines  *bufio.Scanner
	close  func()
}

func (f *fixture) stream(page string, change ...request) *stream {
	f.Helper()
	ctx, cancel := context.WithCancel(f.Context())
	f.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/events?"+url.Values{"page": {page}}.Encode(), nil)
	ok(f, err)
	as("ada")(r)
	for _, c := range change {
		c(r)
	}
	// A transport of its own allows any number of connections.
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	ok(f, err)
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	f.Cleanup(func() { _ = answer.Body.Close() })
	return &stream{f, answer, lines, cancel}
}

// next returns the next event with its data. It returns an empty kind at the end.
func (s *stream) next() (kind, data string) {
	for s.lines.Scan() {
		line := s.lines.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && kind != "":
			return kind, data
		case name == "event":
			kind = value
		case name == "data":
			data += value + "\n"
		}
	}
	return "", ""
}

func (s *stream) await(kind, text string) {
	s.f.Helper()
	for {
		got, data := s.next()
		if got == "" {
			s.f.Fatalf("the stream ended before %s with %q", kind, text)
		}
		if got == kind && strings.Contains(data, text) {
			return
		}
	}
}

// ends waits for the end of the stream, which may already have written some events.
func (s *stream) ends() {
	s.f.Helper()
	for range 20 {
		if kind, _ := s.next(); kind == "" {
			return
		}
	}
	s.f.Fatal("the stream does not end")
}

func TestEvents(t *testing.T) {
	t.Parallel()
	f := start(t)
	stuck := f.operationOf("stuck")
	s := f.stream("/operation?id=" + stuck)
	if got := s.answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("the content type is %q", got)
	}
	kind, first := s.next()
	if kind != "page" || !strings.Contains(first, `<div id="live"`) || strings.Contains(first, "<html") || !strings.Contains(first, "stuck") {
		t.Errorf("the first event is %s:\n%s", kind, first)
	}
	s.await("time", "UTC")
	if answer, body := f.send(http.MethodPost, "/act", url.Values{"operation": {stuck}, "act": {"retry"}, "reason": {"because"}}); answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d\n%s", answer.StatusCode, body)
	}
	s.await("page", "succeeded")
}

// A stream of another page, or of none, is that of an error page.
func TestEventsOfOtherPages(t *testing.T) {
	t.Parallel()
	f := start(t)
	for page, want := range map[string]string{"/none": "There is no such page.", "/events?page=/": "There is no such page.", "/act?act=retry": "There is no such page.", "//evil.example/": "Overview"} {
		if kind, data := f.stream(page).next(); kind != "page" || !strings.Contains(data, want) {
			t.Errorf("%s: %s %s", page, kind, data)
		}
	}
}

func TestEventsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, _, stop := w.run()
	t.Cleanup(stop)
	users, err := auth.NewBasic(auth.Credential{Username: "ada", Password: "lovelace"})
	ok(t, err)
	f := open(t, store, w.keys, func(c *console.Config) { c.Authenticator = users })

	ends := func(s *stream) {
		t.Helper()
		for kind, _ := s.next(); kind != ""; kind, _ = s.next() {
		}
	}
	var all []*stream
	for range 64 {
		s := f.stream("/none")
		if s.answer.StatusCode != http.StatusOK {
			t.Fatalf("stream %d: %d", len(all), s.answer.StatusCode)
		}
		all = append(all, s)
	}
	if s := f.stream("/"); s.answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one stream too many: %d", s.answer.StatusCode)
	}
	all[0].close()
	await(t, func() bool {
		s := f.stream("/")
		defer s.close()
		return s.answer.StatusCode == http.StatusOK
	})
	// A password that is no longer valid ends the streams that began with it.
	ok(t, users.Replace(auth.Credential{Username: "ada", Password: "other"}))
	ends(all[1])
	ok(t, users.Replace(auth.Credential{Username: "ada", Password: "lovelace"}))
	await(t, func() bool {
		s := f.stream("/")
		if s.answer.StatusCode != http.StatusOK {
			return false
		}
		f.console.Drain()
		ends(s)
		return true
	})
	f.console.Drain() // Again.
}

// The time limit of the server for whole answers does not end a stream.
func TestEventsOutliveTheWriteTimeout(t *testing.T) {
	t.Parallel()
	f := start(t)
	server := httptest.NewUnstartedServer(f.console)
	server.Config.WriteTimeout = time.Second
	server.Start()
	t.Cleanup(server.Close)
	f.url = server.URL
	begin, s := time.Now(), f.stream("/catalog")
	for time.Since(begin) < 2*server.Config.WriteTimeout {
		if kind, _ := s.next(); kind == "" {
			t.Fatalf("the stream ended after %v", time.Since(begin))
		}
	}
	s.close()
}
