package console

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxStreams limits the pages that follow changes at the same time. Beyond it, a
	// page works without them.
	maxStreams = 64
	// writeTimeout limits each write to a stream. It ends streams whose browser is gone,
	// and takes the place of the time limit of the server for whole answers.
	writeTimeout = 10 * time.Second
)

// events is the stream of a page that is open in a browser: server-sent events with
// the content of the page whenever that has changed, and with the time otherwise.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	// A stream is a GET, which other web sites can make, too. They could not read it, but
	// could use up the streams.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		http.Error(w, "Only pages of the console have events.", http.StatusForbidden)
		return
	}
	target, err := url.Parse(localPath(r.URL.Query().Get("page")))
	if err != nil {
		http.Error(w, "The page is not a path.", http.StatusBadRequest)
		return
	}
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		w.Header().Set("Retry-After", "30")
		http.Error(w, "Too many pages follow changes. Reload this one to see them.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // For nginx.
	s := &stream{console: c, out: w, control: http.NewResponseController(w), page: r.Clone(context.WithValue(r.Context(), fragmentKey{}, true))}
	s.page.URL, s.page.RequestURI = target, target.RequestURI()
	ticker := time.NewTicker(c.config.Refresh)
	defer ticker.Stop()
	for {
		// Credentials may have been replaced, or a session ended, since the stream began.
		if _, err := c.guard.authenticate(r); err != nil {
			return
		}
		if err := s.tick(); err != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		case <-c.draining:
			return
		}
	}
}

// A stream is an open stream.
type stream struct {
	console *Console
	out     http.ResponseWriter
	control *http.ResponseController
	page    *http.Request
	last    []byte
}

// tick sends what has changed.
func (s *stream) tick() error {
	answer := &recorder{header: http.Header{}}
	s.console.pages.ServeHTTP(answer, s.page)
	now := moment(time.Now())
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if bytes.Equal(answer.body.Bytes(), s.last) {
		if _, err := fmt.Fprintf(s.out, "event: time\ndata: %s\n\n", now); err != nil {
			return err
		}
		return s.control.Flush()
	}
	s.last = bytes.Clone(answer.body.Bytes())
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(s.last))
	if _, err := fmt.Fprintf(s.out, "event: page\nid: %s\ndata: %s\n\n", now, strings.ReplaceAll(text, "\n", "\ndata: ")); err != nil {
		return err
	}
	return s.control.Flush()
}

// A recorder keeps the answer of a page.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*recorder)(nil)

// Header returns the headers, which a stream does not send.
func (r *recorder) Header() http.Header { return r.header }

// Write adds to the body.
func (r *recorder) Write(content []byte) (int, error) { return r.body.Write(content) }

// WriteHeader ignores the status: the page says what went wrong.
func (r *recorder) WriteHeader(int) {}
