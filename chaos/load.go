//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A crowd is the concurrent clients, each of which leads one life after another.
type crowd struct {
	platform *platform
	seed     uint64
	// target operations are to be spread over the time of the load.
	target    int
	load      time.Duration
	start     time.Time
	finishing atomic.Bool
	clients   sync.WaitGroup
}

// begin starts the clients.
func (c *crowd) begin(ctx context.Context, number int) {
	c.start = time.Now()
	for i := range number {
		c.clients.Go(func() { c.client(ctx, i) })
	}
}

func (c *crowd) client(ctx context.Context, number int) {
	random := newRandom(c.seed, "client", strconv.Itoa(number))
	for n := 0; !c.finishing.Load(); n++ {
		c.pace(ctx, random)
		l := newLife(c.platform, random, fmt.Sprintf("c%d-i%d", number, n))
		if err := l.live(ctx, func(ctx context.Context) { c.pace(ctx, random) }); err != nil {
			c.platform.findings.add(checkEnded, "the client of %s could not finish: %v", l.id, err)
			return
		}
	}
}

// pace holds clients back that are ahead of time, so that faults meet them all
// the way.
func (c *crowd) pace(ctx context.Context, random *rand.Rand) {
	for !c.finishing.Load() {
		// A tenth more, so that the target is reached for sure.
		due := 1.1 * float64(c.target) * float64(time.Since(c.start)) / float64(c.load)
		if float64(c.platform.journal.accepted()) < due+1 {
			return
		}
		if !pause(ctx, between(random, 20*time.Millisecond, 200*time.Millisecond)) {
			return
		}
	}
}

// finish makes the clients end their lives, and waits for them.
func (c *crowd) finish() {
	c.finishing.Store(true)
	c.clients.Wait()
}
