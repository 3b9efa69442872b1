package simulation_test

import (
	"flag"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
)

var (
	flagSeed  = flag.Uint64("simulation.seed", 0, "run only this seed, and print its trace")
	flagSeeds = flag.Uint64("simulation.seeds", seeds, "how many seeds to run")
	flagFirst = flag.Uint64("simulation.first", 1, "the first seed")
	flagOnce  = flag.Bool("simulation.once", false, "run each seed once, without comparing traces")
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(800) // Each seed needs little memory.
	m.Run()
}

const (
	// perSeed is how many operations a seed begins at least.
	perSeed = 150
	// enough is how many seeds have 100,000 operations, and meet each fault in each state.
	enough = 680
)

// Each seed keeps the promises of the engine, and leaves the same trace when it runs again.
func TestSimulation(t *testing.T) {
	if *flagSeed != 0 {
		out := simulate(t, *flagSeed, perSeed, true)
		t.Logf("%s\n%v", out.log, out.faults)
		if len(out.faults) > 0 {
			t.Fail()
		}
		return
	}
	sum := &total{coverage: coverage{}}
	t.Run("seeds", func(t *testing.T) {
		for worker := range uint64(runtime.GOMAXPROCS(0)) {
			t.Run(strconv.FormatUint(worker, 10), func(t *testing.T) {
				t.Parallel()
				for seed := *flagFirst + worker; seed < *flagFirst+*flagSeeds; seed += uint64(runtime.GOMAXPROCS(0)) {
					sum.add(check(t, seed))
				}
			})
		}
	})
	t.Logf("%d operations in %d steps\n%s", sum.operations, sum.steps, sum.coverage)
	if *flagSeeds < enough {
		return
	}
	if sum.operations < 100_000 {
		t.Errorf("only %d operations", sum.operations)
	}
	for _, missing := range sum.coverage.missing() {
		t.Errorf("no seed reaches it: %s", missing)
	}
}

// A total sums up the outcomes of seeds.
type total struct {
	mu                sync.Mutex
	operations, steps int
	coverage          coverage
}

func (s *total) add(out outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.operations += out.operations
	s.steps += out.steps
	s.coverage.merge(out.coverage)
}

// check runs a seed twice.
func check(t *testing.T, seed uint64) outcome {
	t.Helper()
	first := simulate(t, seed, perSeed, false)
	if len(first.faults) > 0 {
		t.Errorf("seed %d: %s\nrepeat it with: go test ./durable/internal/simulation -run '^TestSimulation$' -v -args -simulation.seed=%d", seed, first.faults[0], seed)
	}
	if *flagOnce || first.narrow {
		return first
	}
	if second := simulate(t, seed, perSeed, false); first.trace != second.trace {
		t.Errorf("seed %d has two traces, of %d and %d steps", seed, first.steps, second.steps)
	}
	return first
}
