package rabbitmq

import (
	"context"
	"fmt"
	"net/http"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

// Unbind deletes the user of the binding. The server closes its connections at once.
func (p *Provider) Unbind(ctx context.Context, _ *durable.Task, binding durable.Binding) error {
	return failed(ctx, p.deleteUser(ctx, userOf(binding)))
}

// looksForConnections is how often none must be found. A connection that was opened in
// the moment of the deletion shows up a little later.
const looksForConnections = 2

// deleteUser deletes a user, and waits until it has no connection: one that was opened
// in the same moment may have escaped.
func (p *Provider) deleteUser(ctx context.Context, name string) error {
	if err := p.client.DeleteUser(ctx, name); err != nil {
		return err
	}
	if err := step.Done(ctx, "delete the user"); err != nil {
		return err
	}
	none := 0
	return poll(ctx, func(ctx context.Context) error {
		n, err := p.client.Connections(ctx, name)
		if err == nil && n > 0 {
			err = p.client.CloseConnections(ctx, name)
		}
		switch {
		case err != nil && management.Status(err) != http.StatusInternalServerError:
			return err
		case err != nil || n > 0:
			none = 0 // The server fails if a connection ends while it looks at it.
		default:
			none++
		}
		if none == looksForConnections {
			return nil
		}
		return fmt.Errorf("%w: %d connections of the deleted user %s are open", errPending, n, name)
	})
}
