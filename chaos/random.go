//go:build unix

package main

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// newRandom returns a source whose numbers depend only on the seed and the
// parts. It is for one goroutine.
func newRandom(seed uint64, parts ...string) *rand.Rand {
	hash := fnv.New64a()
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], seed)
	_, _ = hash.Write(number[:]) // never fails
	for _, part := range parts {
		_, _ = hash.Write([]byte(part))
		_, _ = hash.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, hash.Sum64())) //nolint:gosec // The choices must be repeatable, not secret.
}

// chance returns true with the given probability.
func chance(random *rand.Rand, probability float64) bool { return random.Float64() < probability }

// between returns a duration of [from, to).
func between(random *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(random.Int64N(int64(to-from)))
}

// pause waits for d. It returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
