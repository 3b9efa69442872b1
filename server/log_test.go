package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker/server"
)

func TestNewLoggerSplits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		level          slog.Leveler
		stdout, stderr []string
	}{
		"default": {nil, []string{"info"}, []string{"notice", "warn", "error"}},
		"debug":   {slog.LevelDebug, []string{"debug", "info"}, []string{"notice", "warn", "error"}},
		"warn":    {slog.LevelWarn, nil, []string{"warn", "error"}},
		"error":   {slog.LevelError, nil, []string{"error"}},
	} {
		for _, format := range []server.LogFormat{"", server.LogText, server.LogJSON} {
			var stdout, stderr bytes.Buffer
			logger, err := server.NewLogger(server.LogConfig{Level: c.level, Format: format, Stdout: &stdout, Stderr: &stderr})
			if err != nil {
				t.Fatal(err)
			}
			logger.Debug("debug")
			logger.Info("info")
			logger.Log(t.Context(), slog.LevelInfo+1, "notice")
			logger.Warn("warn")
			logger.Error("error")
			for output, want := range map[*bytes.Buffer][]string{&stdout: c.stdout, &stderr: c.stderr} {
				text := output.String()
				if strings.Count(text, "\n") != len(want) {
					t.Errorf("%s %q: want %v in %s", name, format, want, text)
				}
				for _, message := range want {
					if !strings.Contains(text, "msg="+message) && !strings.Contains(text, `"msg":"`+message+`"`) {
						t.Errorf("%s %q: no %s in %s", name, format, message, text)
					}
				}
			}
		}
	}
}

func TestNewLoggerAttrs(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	logger, err := server.NewLogger(server.LogConfig{Format: server.LogJSON, Stdout: &stdout, Stderr: &stderr})
	if err != nil {
		t.Fatal(err)
	}
	base := logger.With(slog.String("a", "1"))
	grouped := base.WithGroup("g").With(slog.String("b", "2"))
	grouped.Info("x", slog.String("c", "3"))
	grouped.Error("x", slog.String("c", "3"))
	base.Info("y")
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != 2 || strings.Contains(lines[1], `"b"`) {
		t.Fatalf("a derived logger changes its parent: %q", lines)
	}
	for _, line := range []string{lines[0], stderr.String()} {
		var record struct {
			A string
			G struct{ B, C string }
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.A != "1" || record.G.B != "2" || record.G.C != "3" {
			t.Errorf("%v: %s", err, line)
		}
	}
}

// Both outputs may be the same writer without a lock.
func TestNewLoggerConcurrent(t *testing.T) {
	t.Parallel()
	var output bytes.Buffer
	level := new(slog.LevelVar)
	logger, err := server.NewLogger(server.LogConfig{Level: level, Format: server.LogJSON, Stdout: &output, Stderr: &output})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				logger.Info("x")
				logger.With(slog.String("a", "1")).Error("x")
			}
		})
	}
	group.Wait()
	lines := strings.Split(strings.TrimSpace(output.String()), "\n")
	if len(lines) != 800 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Fatalf("a damaged line: %s", line)
		}
	}
	level.Set(slog.LevelError)
	if logger.Enabled(t.Context(), slog.LevelInfo) || logger.Enabled(t.Context(), slog.LevelWarn) || !logger.Enabled(t.Context(), slog.LevelError) {
		t.Error("the level cannot be changed")
	}
}

func TestNewLoggerInvalid(t *testing.T) {
	t.Parallel()
	if _, err := server.NewLogger(server.LogConfig{Format: "xml"}); err == nil || !strings.Contains(err.Error(), `"xml" is unknown: use "text" or "json"`) {
		t.Errorf("NewLogger returned %v", err)
	}
}
