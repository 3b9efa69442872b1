package openbroker

import (
	"cmp"
	"log/slog"
)

// prefer returns the value of a field that another one has replaced: that of the
// newer field if there is one. Platforms and their test suites fill in both
// carelessly, so a difference is logged and refuses nothing.
func (c *call) prefer(newer, value, deprecated, old string) string {
	if value != "" && old != "" && value != old {
		c.logger.LogAttrs(c.r.Context(), slog.LevelDebug, "a deprecated field differs from the one that has replaced it, which counts",
			slog.String("instance_id", shorten(c.target.instanceID)),
			slog.String("deprecated", deprecated), slog.String("ignored", shorten(old)),
			slog.String("field", newer), slog.String("value", shorten(value)))
	}
	return cmp.Or(value, old)
}
