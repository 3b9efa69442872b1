package rabbitmq

import (
	"context"
	"errors"

	"github.com/openbroker/openbroker"
)

// checkCapacity returns an error if a virtual host with n connections would let all of
// them together have more than the nodes have sockets for. Virtual hosts of other owners
// count if they have a limit.
func (p *Provider) checkCapacity(ctx context.Context, vhost string, n int64) error {
	if p.overcommit == 0 {
		return nil
	}
	sockets, err := p.sockets(ctx)
	if err != nil {
		return err
	}
	limits, err := p.client.ConnectionLimits(ctx)
	if err != nil {
		return err
	}
	var others int64
	for name, limit := range limits {
		if name != vhost && limit > 0 {
			others += limit
		}
	}
	if room := sockets * p.overcommit; others+n > room {
		return openbroker.ErrServiceQuotaExceeded.WithDescription(
			"The server has no room for the connections of this plan: %d of %d are promised to other instances, and %d more are needed.", others, room, n).
			WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	return nil
}

// errNoStatistics means that a node cannot yet say what it has: for some seconds after its
// start.
var errNoStatistics = errors.New("a node has no statistics yet")

// sockets returns how many connections the nodes that run can have. The error is
// errNoStatistics if one of them does not say.
func (p *Provider) sockets(ctx context.Context) (int64, error) {
	nodes, err := p.client.Nodes(ctx)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, node := range nodes {
		switch {
		case !node.Running:
			continue
		case node.Sockets > 0:
			sum += node.Sockets
		case node.Files > 0:
			sum += node.Files // Newer servers say only this.
		default:
			return 0, errNoStatistics
		}
	}
	return sum, nil
}
