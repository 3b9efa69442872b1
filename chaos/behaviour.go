//go:build unix

package main

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// refusal is the description of an operation that the provider refused. Clients
// conclude from it that nothing has changed.
const refusal = "The provider refuses the operation for now."

var (
	errTransient = errors.New("the provider has a transient error")
	errUnknown   = errors.New("the provider has an unexpected error")
	errOvertake  = errors.New("the ledger refuses an overtaken attempt")
)

// A behaviour is the planned behaviour of an attempt.
type behaviour struct {
	// before and after are the pauses around the effect.
	before, after time.Duration
	// ignores makes the attempt ignore its context.
	ignores bool
	// hangs makes the attempt wait for the end of its context, at most for
	// longestHang.
	hangs bool
	// reports makes the attempt report its progress.
	reports bool
	// failBefore and failAfter are the errors before and after the effect, or nil.
	failBefore, failAfter error
	// panicBefore and panicAfter make the attempt panic before or after the
	// effect.
	panicBefore, panicAfter bool
}

// longestHang is the longest wait for the end of a context.
const longestHang = 9 * time.Second

// behave chooses the behaviour of an attempt. A deletion is not refused after its
// effect or that of an earlier attempt, because its record would then remain without a
// resource.
func behave(random *rand.Rand, kind string, first bool) behaviour {
	b := behaviour{
		before: between(random, time.Millisecond, 50*time.Millisecond), after: between(random, time.Microsecond, 10*time.Millisecond),
		reports: chance(random, 0.2),
	}
	switch {
	case chance(random, 0.15):
		b.before = between(random, 300*time.Millisecond, 1500*time.Millisecond)
	case chance(random, 0.10):
		b.after = between(random, 300*time.Millisecond, 1500*time.Millisecond)
	case chance(random, 0.02):
		b.before = between(random, 3*time.Second, 5*time.Second)
	}
	if chance(random, 0.03) {
		b.ignores, b.before = true, between(random, 1500*time.Millisecond, 4*time.Second)
	}
	b.hangs = chance(random, 0.01)
	refuse := openbroker.NewError(http.StatusUnprocessableEntity, "Refused", refusal)
	deletes := kind == kindDeprovision || kind == kindUnbind
	switch n := random.IntN(1000); {
	case n < 50:
		b.failBefore = durable.Retryable(errTransient, time.Duration(n)*time.Millisecond)
	case n < 90:
		b.failAfter = durable.Retryable(errTransient, 0)
	case n < 110:
		b.failBefore = errUnknown
	case n < 120:
		b.failAfter = errUnknown
	case n < 135 && (first || !deletes):
		b.failBefore = refuse
	case n >= 135 && n < 145 && !deletes:
		b.failAfter = refuse
	case n < 155:
		b.panicBefore = true
	case n < 165:
		b.panicAfter = true
	}
	return b
}
