package auth

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/openbroker/openbroker"
)

// None accepts every request. Create it with [NewNone].
type None struct{}

var _ openbroker.Authenticator = (*None)(nil)

// NewNone returns an authenticator that accepts every request. Use it for
// development, or for a broker that is protected by other means. NewNone logs a
// warning. A nil logger selects [slog.Default].
func NewNone(logger *slog.Logger) *None {
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "authentication is off: anyone who reaches the broker can use it")
	return &None{}
}

// Authenticate returns the principal "anonymous" with "none" as Method. It
// ignores the credentials of the request, which are not verified, and never
// returns an error. To use a name that a proxy has verified, see [Proxy].
func (*None) Authenticate(*http.Request) (openbroker.Principal, error) {
	return openbroker.Principal{Name: "anonymous", Method: "none"}, nil
}

// Challenges returns nil.
func (*None) Challenges() []string { return nil }
