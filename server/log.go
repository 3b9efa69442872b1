package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// A LogFormat is the format of log records.
type LogFormat string

// The log formats.
const (
	// LogText is key=value pairs, see [slog.TextHandler].
	LogText LogFormat = "text"
	// LogJSON is one JSON object per line, see [slog.JSONHandler].
	LogJSON LogFormat = "json"
)

// LogConfig configures [NewLogger]. The zero value does what basic_config of
// openbrokerapi does: it logs records from Info as text, Info to the standard output
// and higher levels to the standard error.
type LogConfig struct {
	// Level is the lowest logged level. It can be a [slog.LevelVar]. The default is
	// Info.
	Level slog.Leveler

	// Format is LogText or LogJSON. The default is LogText.
	Format LogFormat

	// Stdout receives records up to Info. The default is [os.Stdout].
	Stdout io.Writer

	// Stderr receives records above Info. The default is [os.Stderr].
	Stderr io.Writer
}

// NewLogger returns a logger that writes records to Stdout or Stderr by level. Both
// may be the same writer. It returns an error for an unknown Format.
func NewLogger(config LogConfig) (*slog.Logger, error) {
	if config.Stdout == nil {
		config.Stdout = os.Stdout
	}
	if config.Stderr == nil {
		config.Stderr = os.Stderr
	}
	options := &slog.HandlerOptions{Level: config.Level}
	var newHandler func(io.Writer) slog.Handler
	switch config.Format {
	case LogText, "":
		newHandler = func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
	case LogJSON:
		newHandler = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
	default:
		return nil, fmt.Errorf("server: log format %q is unknown: use %q or %q", config.Format, LogText, LogJSON)
	}
	// Each handler has its own lock, but both may use the same writer.
	mu := new(sync.Mutex)
	return slog.New(&splitHandler{
		low:  newHandler(&lockedWriter{mu: mu, w: config.Stdout}),
		high: newHandler(&lockedWriter{mu: mu, w: config.Stderr}),
	}), nil
}

var _ slog.Handler = (*splitHandler)(nil)

// A splitHandler passes records up to Info to low and others to high.
type splitHandler struct{ low, high slog.Handler }

func (h *splitHandler) choose(level slog.Level) slog.Handler {
	if level > slog.LevelInfo {
		return h.high
	}
	return h.low
}

// Enabled returns what the handler of the level returns.
func (h *splitHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.choose(level).Enabled(ctx, level)
}

// Handle passes the record to the handler of its level.
func (h *splitHandler) Handle(ctx context.Context, record slog.Record) error {
	return h.choose(record.Level).Handle(ctx, record)
}

// WithAttrs adds attrs to both handlers.
func (h *splitHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &splitHandler{low: h.low.WithAttrs(attrs), high: h.high.WithAttrs(attrs)}
}

// WithGroup opens the group in both handlers.
func (h *splitHandler) WithGroup(name string) slog.Handler {
	return &splitHandler{low: h.low.WithGroup(name), high: h.high.WithGroup(name)}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.w.Write(p)
}
