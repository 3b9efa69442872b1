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

// refusal is the description by which clients know that the provider refused an
// operation and changed nothing.
const refusal = "The provider refuses this for now."

var (
	errPassing  = errors.New("the provider meets an error that passes")
	errUnknown  = errors.New("the provider meets an error that it does not know")
	errOvertake = errors.New("the ledger refuses an attempt that was overtaken")
)

// A behaviour is what an attempt is going to do.
type behaviour struct {
	// before and after are the pauses around the effect.
	before, after time.Duration
	// ignores says that it does not look at its context.
	ignores bool
	// hangs says that it waits for its context to end, if not too long.
	hangs bool
	// reports says that it describes its progress.
	reports bool
	// failBefore and failAfter, if not nil, are returned then.
	failBefore, failAfter error
	// panicBefore and panicAfter say that it panics instead.
	panicBefore, panicAfter bool
}

// longestHang is how long a provider waits for its context at most.
const longestHang = 9 * time.Second

// behave chooses what an attempt does. Deletions fail in ways that another
// attempt can mend, since what cannot be deleted is there to stay.
func behave(random *rand.Rand, kind string) behaviour {
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
		b.failBefore = durable.Retryable(errPassing, time.Duration(n)*time.Millisecond)
	case n < 90:
		b.failAfter = durable.Retryable(errPassing, 0)
	case n < 110:
		b.failBefore = errUnknown
	case n < 120:
		b.failAfter = errUnknown
	case n < 135:
		b.failBefore = refuse
	case n < 145 && !deletes:
		b.failAfter = refuse
	case n < 155:
		b.panicBefore = true
	case n < 165:
		b.panicAfter = true
	}
	return b
}
