package simulator_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker/simulator"
)

// A fault applies as often as configured, even with concurrent requests.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	b := start(t)
	const clients = 8
	var failed, created atomic.Int64
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			b.expect(201, "PUT", instance(fmt.Sprint("own-", i)), bodyOf(plain, ""))
			b.do("GET", "/control/requests?operation=provision", "")
			b.do("PUT", "/control/faults", `{"faults":[{"on":"get_binding","status":500}]}`)
			switch a := b.do("PUT", instance("shared"), bodyOf(plain, `"parameters":{"fault":{"status":503,"times":5}}`)); a.status {
			case 503:
				failed.Add(1)
			case 200, 201:
				created.Add(1)
			default:
				t.Errorf("got %d %s", a.status, a.text)
			}
			b.do("GET", "/control", "")
			b.expect(200, "DELETE", instance(fmt.Sprint("own-", i))+deletion(plain), "")
		})
	}
	group.Wait()
	if failed.Load() != 5 || created.Load() != clients-5 {
		t.Errorf("%d requests failed and %d succeeded", failed.Load(), created.Load())
	}
	if err := b.SetFaults(simulator.Fault{On: simulator.OnProvision, Status: 503, Times: 3, Skip: 1}); err != nil {
		t.Fatal(err)
	}
	failed.Store(0)
	for range clients {
		group.Go(func() {
			if b.do("PUT", instance("again"), bodyOf(plain, "")).status == 503 {
				failed.Add(1)
			}
		})
	}
	group.Wait()
	if failed.Load() != 3 {
		t.Errorf("%d requests failed", failed.Load())
	}
}
