package mysql

import (
	"context"
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// databaseOf returns the name of the database of an instance: letters and digits.
func databaseOf(instance durable.Instance) string {
	return credential.Identifier(instance.ResourceName())
}

// fence saves an empty checkpoint, which fails for an attempt that was overtaken.
func fence(ctx context.Context, task *durable.Task) func() error {
	return func() error { return task.Save(ctx, struct{}{}) }
}

// Provision creates the database. First it takes away what accounts still may do in an
// earlier database of this name.
func (p *service) Provision(ctx context.Context, task *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	settings, err := settingsOf(instance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	var result durable.ProvisionResult
	if result.State, err = stateOf(settings); err != nil {
		return result, err
	}
	err = p.attempt(ctx, task, instance.ResourceName(), fence(ctx, task), func(ctx context.Context, s *session) error {
		result.Metadata = p.metadata(s.facts)
		if err := s.facts.allows(settings); err != nil {
			return err
		}
		database := databaseOf(instance)
		exists, err := hasDatabase(ctx, s.conn, database)
		if err != nil || exists {
			return err
		}
		if err := s.clear(ctx, database); err != nil {
			return err
		}
		return s.exec(ctx, "create the database", createDatabaseStatement(database, settings))
	})
	return result, err
}

// Update gives the accounts of the instance the limits of the new plan. Its character
// set is for new databases only.
func (p *service) Update(ctx context.Context, task *durable.Task, instance, _ durable.Instance) (durable.UpdateResult, error) {
	settings, err := settingsOf(instance)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	var result durable.UpdateResult
	if result.State, err = stateOf(settings); err != nil {
		return result, err
	}
	err = p.attempt(ctx, task, instance.ResourceName(), fence(ctx, task), func(ctx context.Context, s *session) error {
		result.Metadata = p.metadata(s.facts)
		if err := s.facts.allows(settings); err != nil {
			return err
		}
		database := databaseOf(instance)
		if err := s.mustHave(ctx, database); err != nil {
			return err
		}
		bound, err := boundAccounts(ctx, s.conn, database)
		if err != nil {
			return err
		}
		for _, a := range bound {
			if err := s.exec(ctx, "change the limits of an account", "ALTER USER IF EXISTS "+a.String()+" "+s.facts.flavor.limits(settings)); err != nil {
				return err
			}
		}
		return nil
	})
	return result, err
}

// Deprovision drops the database, and with it the accounts that bindings left because
// they define views, routines or triggers in it.
func (p *service) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	return p.attempt(ctx, task, instance.ResourceName(), fence(ctx, task), func(ctx context.Context, s *session) error {
		database := databaseOf(instance)
		left, err := grantees(ctx, s.conn, database)
		if err != nil {
			return err
		}
		// Sessions of these accounts would hold locks on the tables.
		var users []string
		for _, a := range left {
			if isBroker(a) {
				if err := s.disable(ctx, a); err != nil {
					return err
				}
				users = append(users, a.user)
			}
		}
		if len(users) > 0 {
			if err := s.disconnect(ctx, users); err != nil {
				return err
			}
		}
		if err := s.exec(ctx, "drop the database", "DROP DATABASE IF EXISTS "+quoteName(database)); err != nil {
			return err
		}
		return s.clear(ctx, database)
	})
}

// errNoDatabase says that an administrator or an application has dropped the database.
// Making an empty one would hide that.
var errNoDatabase = errors.New("the database of the instance is missing: restore it, or delete the instance")

func (s *session) mustHave(ctx context.Context, database string) error {
	exists, err := hasDatabase(ctx, s.conn, database)
	if err == nil && !exists {
		err = errNoDatabase
	}
	return err
}

// allows returns the answer to a request for a plan that the server cannot keep.
func (f *facts) allows(s PlanSettings) error {
	refuse := func(why string) error {
		return openbroker.NewError(http.StatusUnprocessableEntity, "PlanNotSupported", why).WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	switch {
	case s.RequireTLS && !f.tls:
		return refuse("The plan requires TLS, and the server has none, so no binding could log in: ask the operator to give the server a certificate.")
	case s.StatementTimeout > 0 && f.flavor != mariaDB:
		return refuse("The plan has statement_timeout, and MySQL has no such limit of accounts: ask the operator to remove it.")
	}
	return nil
}

func (p *service) metadata(f *facts) *openbroker.InstanceMetadata {
	return &openbroker.InstanceMetadata{Labels: map[string]any{"engine": string(f.flavor), "version": f.version, "host": p.hosts[0].Name}}
}
