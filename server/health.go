package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
)

// The paths of the health probes. Neither can be one of the broker's, which all
// contain /v2/.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// healthBody is the answer of a probe. It names what fails and says no more:
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

// serveHealthz answers that the process is alive. It never looks at anything
// else: a liveness probe that fails gets the process killed, which mends no
// database.
func (s *Server) serveHealthz(w http.ResponseWriter, r *http.Request) {
	if allowProbe(w, r) {
		s.answerProbe(r.Context(), w, healthPath, http.StatusOK, healthBody{Status: statusOK})
	}
}

// serveReadyz answers whether requests should be sent here.
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

// allowProbe answers requests of other methods than GET and HEAD.
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

// answerProbe logs at Debug: probes come every few seconds, and a check that
// begins to fail is logged as such.
func (s *Server) answerProbe(ctx context.Context, w http.ResponseWriter, path string, status int, body healthBody) {
	s.config.Logger.LogAttrs(ctx, slog.LevelDebug, "probe", slog.String("path", path), slog.Int("status", status))
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil { // Strings only: it cannot fail.
		status, encoded = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // A client that is gone cannot be told.
}
