package redis_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/redis"
)

// oneBinding are records with one binding, which may be unbound while they are read.
type oneBinding struct {
	binding *durable.Binding
	// inUse answers InUse.
	inUse func(ctx context.Context) bool
}

func (oneBinding) Instances(context.Context) iter.Seq2[durable.Instance, error] {
	return func(func(durable.Instance, error) bool) {}
}

func (r oneBinding) Bindings(context.Context, *durable.Instance) iter.Seq2[durable.Binding, error] {
	return func(yield func(durable.Binding, error) bool) {
		if r.binding != nil {
			yield(*r.binding, nil)
		}
	}
}
func (oneBinding) Exists(context.Context, durable.Instance) (bool, error) { return true, nil }
func (r oneBinding) InUse(ctx context.Context, _ durable.Binding) (bool, error) {
	return r.inUse(ctx), nil
}

// A pass never makes the user of a binding whose unbind has succeeded, not even for a
// moment: it asks before, and an unbind waits while the answer counts.
func TestUnbindDuringPass(t *testing.T) {
	t.Parallel()
	server := newServer(t, servers()[0])
	p, err := redis.NewPasser(t.Context(), server.url())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := p.Pass(t.Context(), oneBinding{}); err != nil {
		t.Fatal(err)
	}
	binding := &durable.Binding{
		ID: "b", State: []byte(`{"hash":"` + strings.Repeat("0", 64) + `","mode":"rw"}`),
		Instance: durable.Instance{ID: "i", Plan: &openbroker.Plan{}, State: []byte(`{"isolation":"prefix"}`)},
	}
	made := func() string {
		t.Helper()
		info, err := server.admin(t).Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(info, "cmdstat_acl|setuser:")
		count, _, _ := strings.Cut(rest, ",")
		return count
	}

	before := made()
	if err := p.Pass(t.Context(), oneBinding{binding, func(context.Context) bool { return false }}); err != nil {
		t.Fatal(err)
	}
	if after := made(); after != before {
		t.Errorf("the user of an unbound binding was made: %s, before %s", after, before)
	}

	unbound := make(chan error, 1)
	calls := 0
	err = p.Pass(t.Context(), oneBinding{binding, func(ctx context.Context) bool {
		if calls++; calls > 1 {
			return false
		}
		go func() { unbound <- p.Unbind(ctx, nil, *binding) }()
		select {
		case err := <-unbound:
			t.Errorf("the unbind does not wait for the pass (%v)", err)
			unbound <- err
		case <-time.After(300 * time.Millisecond): // Long enough for an unbind that does not wait.
		}
		return true
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-unbound; err != nil {
		t.Fatal(err)
	}
	if users := server.users(t.Context(), t); len(users) != 0 {
		t.Errorf("after the unbind, the server has the users %q", users)
	}
}
