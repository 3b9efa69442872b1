package openbroker

import (
	"cmp"
	"log/slog"
)

// prefer returns value, that of the newer field, or old, that of the deprecated
// field, if value is empty. Platforms often send different values in both fields,
// so it only logs a difference.
func (c *call) prefer(newer, value, deprecated, old string) string {
	if value != "" && old != "" && value != old {
		c.logger.LogAttrs(c.r.Context(), slog.LevelDebug, "a deprecated field is ignored: it differs from its replacement",
			slog.String("instance_id", shorten(c.target.instanceID)),
			slog.String("deprecated", deprecated), slog.String("ignored", shorten(old)),
			slog.String("field", newer), slog.String("value", shorten(value)))
	}
	return cmp.Or(value, old)
}
