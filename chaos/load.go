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

// A crowd is a set of concurrent clients. Each client runs one life after
// another.
type crowd struct {
	platform *platform
	seed     uint64
	// target is the number of operations to spread over the load time.
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
			c.platform.findings.add(checkEnded, "the client of %s did not finish: %v", l.id, err)
			return
		}
	}
}

// pace delays clients that are ahead of their schedule, so that the load lasts as
// long as the faults.
func (c *crowd) pace(ctx context.Context, random *rand.Rand) {
	for !c.finishing.Load() {
		// The schedule is a tenth above the target, so that the clients reach it.
		due := 1.1 * float64(c.target) * float64(time.Since(c.start)) / float64(c.load)
		if float64(c.platform.journal.accepted()) < due+1 {
			return
		}
		if !pause(ctx, between(random, 20*time.Millisecond, 200*time.Millisecond)) {
			return
		}
	}
}

// finish makes the clients finish their lives and waits for them.
func (c *crowd) finish() {
	c.finishing.Store(true)
	c.clients.Wait()
}
