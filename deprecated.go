package openbroker

import (
	"cmp"
	"log/slog"
)

// prefer returns value, the content of the newer field. If value is empty, it
// returns old, the content of the deprecated field. It only logs a difference,
// because platforms often send different values in the two fields.
func (c *call) prefer(newer, value, deprecated, old string) string {
	if value != "" && old != "" && value != old {
		c.logger.LogAttrs(c.r.Context(), slog.LevelDebug, "a deprecated field is ignored: it differs from its replacement",
			slog.String("instance_id", shorten(c.target.instanceID)),
			slog.String("deprecated", deprecated), slog.String("ignored", shorten(old)),
			slog.String("field", newer), slog.String("value", shorten(value)))
	}
	return cmp.Or(value, old)
}
