package server

import (
	"context"
	"log/slog"
	"strings"
)

var _ slog.Handler = (*errorLogHandler)(nil)

// An errorLogHandler handles the lines that [net/http.Server] logs about connections.
// It gives them a constant message and a suitable level.
type errorLogHandler struct{ slog.Handler }

// Enabled returns true: the level depends on the line, which Handle receives.
func (h *errorLogHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle logs the line.
func (h *errorLogHandler) Handle(ctx context.Context, record slog.Record) error {
	line := strings.TrimSpace(record.Message)
	level := errorLogLevel(line)
	if !h.Handler.Enabled(ctx, level) {
		return nil
	}
	quoted := slog.NewRecord(record.Time, level, "connection trouble", 0)
	quoted.AddAttrs(slog.String("error", strings.TrimPrefix(line, "http: ")))
	return h.Handler.Handle(ctx, quoted)
}

// handshakeError is the prefix of lines about TLS handshakes, in net/http and in our
// listener.
const handshakeError = "http: TLS handshake error"

// logTrouble logs a line like one of net/http.
func logTrouble(ctx context.Context, logger *slog.Logger, line string) {
	logger.LogAttrs(ctx, errorLogLevel(line), "connection trouble", slog.String("error", strings.TrimPrefix(line, "http: ")))
}

// errorLogLevel returns Error for a panic, which is a defect; Debug for connections
// that end before or during the TLS handshake, as those of load balancers, scanners
// and slow clients often do; and Warn for other lines, such as refused client
// certificates.
func errorLogLevel(line string) slog.Level {
	switch {
	case strings.HasPrefix(line, "http: panic serving"), strings.HasPrefix(line, "http2: panic serving"):
		return slog.LevelError
	case strings.HasPrefix(line, handshakeError) && endsQuietly(line):
		return slog.LevelDebug
	default:
		return slog.LevelWarn
	}
}

func endsQuietly(line string) bool {
	for _, end := range []string{": EOF", "connection reset by peer", "broken pipe", "i/o timeout", "use of closed network connection"} {
		if strings.HasSuffix(line, end) {
			return true
		}
	}
	return false
}
