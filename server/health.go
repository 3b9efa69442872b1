package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
)

// The paths of the health probes. They cannot collide with paths of the broker,
// which all contain /v2/.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// healthBody is the response to a probe. It only names the failing checks, because
// probes are not authenticated.
type healthBody struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// The values of healthBody.
const (
	statusOK          = "ok"
	statusDegraded    = "degraded"
	statusDraining    = "draining"
	statusUnavailable = "unavailable"
	checkFailed       = "failed"
	checkTimedOut     = "timed out"
)

// serveHealthz reports that the process is alive. It runs no checks: a failing
// liveness probe restarts the process, which does not repair a database.
func (s *Server) serveHealthz(w http.ResponseWriter, r *http.Request) {
	if allowProbe(w, r) {
		s.answerProbe(r.Context(), w, healthPath, http.StatusOK, healthBody{Status: statusOK})
	}
}

// serveReadyz reports whether the server should receive requests.
func (s *Server) serveReadyz(w http.ResponseWriter, r *http.Request) {
	if !allowProbe(w, r) {
		return
	}
	if s.draining.Load() {
		s.answerProbe(r.Context(), w, readyPath, http.StatusServiceUnavailable, healthBody{Status: statusDraining})
		return
	}
	checks, status := s.checks.run(r.Context())
	code := http.StatusOK
	if status == statusUnavailable {
		code = http.StatusServiceUnavailable
	}
	s.answerProbe(r.Context(), w, readyPath, code, healthBody{Status: status, Checks: checks})
}

// allowProbe answers requests with methods other than GET and HEAD with 405, and
// returns false for them.
func allowProbe(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	writeJSON(w, http.StatusMethodNotAllowed, struct {
		Description string `json:"description"`
	}{"This path supports GET, HEAD only."})
	return false
}

// answerProbe answers a probe and logs it at Debug, because probes arrive every few
// seconds and failing checks are logged separately.
func (s *Server) answerProbe(ctx context.Context, w http.ResponseWriter, path string, status int, body healthBody) {
	s.config.Logger.LogAttrs(ctx, slog.LevelDebug, "probe", slog.String("path", path), slog.Int("status", status))
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil { // Encoding strings cannot fail.
		status, encoded = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // The client may have disconnected.
}
