package auth

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/openbroker/openbroker"
)

// None lets everyone in. Create it with [NewNone].
type None struct{}

var _ openbroker.Authenticator = (*None)(nil)

// NewNone returns an authenticator that accepts every request, for a broker that
// something else protects, and for development. It logs a warning; a nil logger
// is [slog.Default].
func NewNone(logger *slog.Logger) *None {
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "authentication is off: anyone who reaches the broker can use it")
	return &None{}
}

// Authenticate returns the principal "anonymous" with "none" as Method, whatever
// credentials the request carries: nobody has checked them. There is no error.
// [Proxy] takes the name that a proxy in front has checked.
func (*None) Authenticate(*http.Request) (openbroker.Principal, error) {
	return openbroker.Principal{Name: "anonymous", Method: "none"}, nil
}

// Challenges returns none.
func (*None) Challenges() []string { return nil }
