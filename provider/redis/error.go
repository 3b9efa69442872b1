package redis

import (
	"context"
	"errors"
	"slices"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// passing begin the errors of a server that cannot be used now: it loads its data, has
// lost its primary, is busy with a script, or does not know the broker's password (yet).
var passing = []string{
	"LOADING ", "MASTERDOWN ", "CLUSTERDOWN ", "TRYAGAIN ", "BUSY ", "READONLY ", "NOREPLICAS ", "MOVED ", "ASK ", "UNBLOCKED ",
	"NOAUTH ", "WRONGPASS ", "ERR max number of clients reached",
}

// away reports whether an error means that the server cannot be used now.
func away(err error) bool {
	if transport.Unreachable(err) || errors.Is(err, errIncomplete) || errors.Is(err, goredis.ErrPoolTimeout) || errors.Is(err, goredis.ErrPoolExhausted) || errors.Is(err, goredis.ErrClosed) {
		return true
	}
	return hasPrefix(err, passing...)
}

// hasPrefix reports whether err is an error of the server that begins so, or has one.
func hasPrefix(err error, prefixes ...string) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.ContainsFunc(joined.Unwrap(), func(err error) bool { return hasPrefix(err, prefixes...) })
	}
	var answer goredis.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, prefix := range prefixes {
		if strings.HasPrefix(answer.Error(), prefix) {
			return true
		}
	}
	return false
}

// waiting marks the error of an operation: it waits for a server that is away.
func waiting(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case away(err):
		return durable.Unreachable(err)
	case hasPrefix(err, "OOM "):
		return openbroker.ErrServiceQuotaExceeded.WithDescription("The server is out of memory: try again later, or ask its operators.").WithCause(err)
	default:
		return err
	}
}

// unavailable is waiting for a request: it has the answer 503.
func unavailable(err error) error {
	var answer *openbroker.Error
	if err == nil || errors.As(err, &answer) {
		return err
	}
	return openbroker.ErrUnavailable.WithCause(err)
}
