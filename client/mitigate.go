package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
)

const (
	firstMitigationPause   = 10 * time.Second
	longestMitigationPause = 15 * time.Minute
	mitigationLimit        = 24 * time.Hour
	// cloudFoundryAttempts is max_attempts of the job in the Cloud Controller.
	cloudFoundryAttempts = 11
)

// Mitigate deletes the resource that a failed call may have left behind (spec.md,
// "Orphan Mitigation"). It repeats the deletion by the policy of the client until
// the resource is gone, the policy gives up or ctx ends. It returns nil if the
// resource is gone, or, with [OrphanPolicyCloudFoundry], if the broker has accepted
// the deletion. Otherwise it returns the last error.
func (c *Client) Mitigate(ctx context.Context, o Orphan) error {
	began := time.Now()
	for attempt := 1; ; attempt++ {
		err := c.deleteOrphan(ctx, o)
		if err == nil {
			return nil
		}
		c.logger.LogAttrs(ctx, slog.LevelWarn, "failed to delete an orphan",
			slog.String("instance_id", o.InstanceID), slog.String("binding_id", o.BindingID),
			slog.Int("attempt", attempt), slog.String("error", err.Error()))
		pause, again := c.policy.pause(attempt, time.Since(began))
		if !again {
			return fmt.Errorf("gave up deleting %s after %d attempts: %w", o, attempt, err)
		}
		if sleep(ctx, pause) != nil {
			return fmt.Errorf("stopped deleting %s after %d attempts: %w", o, attempt, errors.Join(ctx.Err(), err))
		}
	}
}

// String names the resource.
func (o Orphan) String() string {
	if o.Kind.onBinding() {
		return fmt.Sprintf("binding %s of instance %s", o.BindingID, o.InstanceID)
	}
	return "instance " + o.InstanceID
}

// pause returns how long to wait after the attempt, and whether to try again.
func (p OrphanPolicy) pause(attempt int, elapsed time.Duration) (time.Duration, bool) {
	if p == OrphanPolicyCloudFoundry {
		return time.Minute << attempt, attempt < cloudFoundryAttempts
	}
	return min(firstMitigationPause<<min(attempt-1, 20), longestMitigationPause), elapsed < mitigationLimit
}

func (c *Client) deleteOrphan(ctx context.Context, o Orphan) error {
	o.Kind = o.Kind.deletion()
	var operation Operation
	outcome, err := c.remove(ctx, string(o.Kind), o, true, openbroker.Caller{}, func(a *brokerResponse, fields *reader) {
		operation = accepted(Operation{
			Kind: o.Kind, InstanceID: o.InstanceID, BindingID: o.BindingID, ServiceID: o.ServiceID, PlanID: o.PlanID,
			RetryAfter: a.retryAfter(),
		}, nil)
		fields.read("operation", &operation.Operation)
	})
	switch {
	case errors.Is(err, openbroker.ErrInstanceDoesNotExist), errors.Is(err, openbroker.ErrBindingDoesNotExist):
		return nil
	case err != nil || outcome != openbroker.Accepted || c.policy == OrphanPolicyCloudFoundry:
		return err
	}
	_, err = c.Wait(ctx, operation, nil)
	return err
}

// mitigations runs the deletions that WithOrphanMitigation starts.
type mitigations struct {
	enabled bool
	ctx     context.Context //nolint:containedctx // It ends all deletions.
	cancel  context.CancelCauseFunc

	mu      sync.Mutex
	closed  bool
	running map[Orphan]bool
	left    []error
	done    sync.WaitGroup
}

var errClosed = errors.New("the client was closed")

func (o *mitigations) start() {
	o.ctx, o.cancel = context.WithCancelCause(context.Background())
	o.running = map[Orphan]bool{}
}

// mitigate starts to delete an orphan in the background if the option is set and no
// deletion of the orphan is running.
func (c *Client) mitigate(ctx context.Context, o Orphan) {
	p := &c.orphans
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.enabled || p.closed || p.ctx.Err() != nil || ctx.Value(mitigating{}) != nil {
		return
	}
	// One deletion per resource is enough, whichever calls have failed.
	o.Kind = o.Kind.creation()
	o.key = false
	if p.running[o] {
		return
	}
	p.running[o] = true
	p.done.Go(func() { //nolint:contextcheck // The deletion continues after the call.
		err := c.Mitigate(context.WithValue(p.ctx, mitigating{}, true), o)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.running, o)
		if err != nil {
			p.left = append(p.left, err)
		}
	})
}

// mitigating marks the context of a deletion, whose failure must not start another
// deletion.
type mitigating struct{}

// Orphans returns the orphans that [WithOrphanMitigation] is currently deleting,
// sorted by instance and binding.
func (c *Client) Orphans() []Orphan {
	c.orphans.mu.Lock()
	defer c.orphans.mu.Unlock()
	return slices.SortedFunc(maps.Keys(c.orphans.running), func(a, b Orphan) int {
		return slices.Compare([]string{a.InstanceID, a.BindingID}, []string{b.InstanceID, b.BindingID})
	})
}

func (o *mitigations) close(ctx context.Context) error {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.done.Wait()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		o.cancel(errClosed)
		<-ended
	}
	o.cancel(errClosed)
	o.mu.Lock()
	defer o.mu.Unlock()
	return errors.Join(o.left...)
}
