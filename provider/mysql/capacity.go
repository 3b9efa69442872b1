package mysql

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// checkPlan returns the answer to a request for a plan that the server cannot keep. It
// needs room for the connections of one more binding of the plan or, for an update, of
// all bindings of the instance in it.
func (p *service) checkPlan(ctx context.Context, instance durable.Instance, update bool) error {
	settings, err := settingsOf(instance)
	if err != nil {
		return err
	}
	return p.ask(ctx, func(ctx context.Context, f *facts) error {
		if err := f.allows(settings); err != nil || settings.ConnectionLimit == 0 || p.settings.Overcommit == 0 {
			return err
		}
		all, own, bindings, err := promised(ctx, p.server.quick, databaseOf(instance))
		if err != nil {
			return err
		}
		wanted := settings.ConnectionLimit
		if update {
			all, wanted = all-own, wanted*bindings
		}
		room := max(f.maxConnections-p.settings.ReservedConnections, 0) * p.settings.Overcommit
		if all+wanted <= room {
			return nil
		}
		return openbroker.ErrServiceQuotaExceeded.WithDescription(
			"The server has no room for the connections of this plan: %d of %d are promised to other bindings, and %d more are needed.", all, room, wanted).
			WithInstanceUsable(true).WithUpdateRepeatable(true)
	})
}

// promised returns how many connections all bindings may have together, how many those
// of one database, and the number of these.
func promised(ctx context.Context, q queryer, database string) (all, own, bindings int64, err error) {
	err = each(ctx, q, "SELECT u.User, u.max_user_connections, EXISTS (SELECT 1 FROM mysql.db d WHERE d.User = u.User AND d.Host = u.Host AND d.Db = ?) "+
		"FROM mysql.user u WHERE u.User LIKE 'ob%' AND u.password_expired = 'N'",
		func(scan func(...any) error) error {
			var (
				a         account
				limit     int64
				isOfOwner bool
			)
			err := scan(&a.user, &limit, &isOfOwner)
			if err != nil || !isBroker(a) {
				return err
			}
			all += limit
			if isOfOwner {
				own += limit
				bindings++
			}
			return nil
		}, pattern(database))
	if err != nil {
		err = fmt.Errorf("add the connections of the plans: %w", err)
	}
	return all, own, bindings, err
}
