package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// The SQLSTATEs that decide.
const (
	codeNotReadWrite      = "25006" // a standby
	codeInvalidPassword   = "28P01"
	codeNotAuthorized     = "28000"
	codeDependent         = "2BP01"
	codeSerialization     = "40001"
	codeDeadlock          = "40P01"
	codeNoObject          = "42704"
	codeDuplicateObject   = "42710"
	codeDuplicateDatabase = "42P04"
	codeDuplicateSchema   = "42P06"
	codeUnique            = "23505"
	codeOutOfMemory       = "53200"
	codeTooManyClients    = "53300"
	codeInUse             = "55006"
	codeLocked            = "55P03"
	codeShutdown          = "57P01"
	codeCrash             = "57P02"
	codeStarting          = "57P03"
	codeInternal          = "XX000"
)

// temporaryPause is the least time before another attempt after an error that another
// session caused.
const temporaryPause = 2 * time.Second

// hasCode reports whether the server answered with one of the codes.
func hasCode(err error, codes ...string) bool {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return false
	}
	for _, code := range codes {
		if answer.Code == code {
			return true
		}
	}
	return false
}

// unreachable reports whether the server is away, starting, full, a standby, or refuses
// the broker's account, whose password may be about to change.
func unreachable(err error) bool {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return strings.HasPrefix(answer.Code, "08") ||
			hasCode(err, codeShutdown, codeCrash, codeStarting, codeTooManyClients, codeNotReadWrite, codeInvalidPassword, codeNotAuthorized)
	}
	return transport.Unreachable(err) || errors.Is(err, errStandby) || pgconn.SafeToRetry(err) || err != nil && strings.Contains(err.Error(), "conn closed")
}

// concurrent reports whether another session changed the same row of a catalog, so that
// the statement succeeds if it is repeated.
func concurrent(err error) bool {
	if hasCode(err, codeSerialization, codeDeadlock, codeUnique) {
		return true
	}
	return hasCode(err, codeInternal) && strings.Contains(err.Error(), "tuple concurrently")
}

// temporary reports whether another session holds what the statement needs.
func temporary(err error) bool {
	return concurrent(err) || errors.Is(err, errBusy) || hasCode(err, codeLocked, codeInUse, codeDependent, codeOutOfMemory)
}

// outcome marks the error of an operation for the engine.
func outcome(ctx context.Context, err error) error {
	var answer *openbroker.Error
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &answer):
		return err
	case unreachable(err):
		return durable.Unreachable(err)
	case temporary(err):
		return durable.Retryable(err, temporaryPause)
	default:
		return err
	}
}

// answer returns the error of a check as the answer to the request that waits for it.
func answer(err error) error {
	var known *openbroker.Error
	if err == nil || errors.As(err, &known) || !unreachable(err) {
		return err
	}
	return openbroker.ErrUnavailable.WithCause(err)
}
