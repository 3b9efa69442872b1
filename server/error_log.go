package server

import (
	"context"
	"log/slog"
	"strings"
)

var _ slog.Handler = (*errorLogHandler)(nil)

// An errorLogHandler takes the lines in which [net/http.Server] reports its
// troubles with connections, and gives them the level that they deserve and a
// constant message.
type errorLogHandler struct{ slog.Handler }

// Enabled is decided by Handle, which sees the line.
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

// handshakeError is how net/http begins the line about one, and our listener too.
const handshakeError = "http: TLS handshake error"

// logTrouble logs a line as if net/http had reported it.
func logTrouble(ctx context.Context, logger *slog.Logger, line string) {
	logger.LogAttrs(ctx, errorLogLevel(line), "connection trouble", slog.String("error", strings.TrimPrefix(line, "http: ")))
}

// errorLogLevel tells apart: connections that end before or within the TLS
// handshake, which is what load balancers' probes, scanners and slow clients
// do all day; a panic, which is a defect of ours; and the rest, such as a
// client certificate that is refused.
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
