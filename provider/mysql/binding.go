package mysql

import (
	"context"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// A checkpoint of a bind has its password, so that a later attempt gives the account the
// same one: whichever attempt's result is stored, the password works.
type checkpoint struct {
	Password string `json:"password"`
}

// Bind creates an account with the privileges of the mode. The account is locked until
// it is complete.
func (p *service) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	mode, err := parameters.Mode(binding.Parameters)
	if err != nil {
		return durable.BindResult{}, err
	}
	settings, err := settingsOf(binding.Instance)
	if err != nil {
		return durable.BindResult{}, err
	}
	var kept checkpoint
	save := func() error {
		if found, err := task.Load(&kept); err != nil {
			return err
		} else if !found {
			kept.Password = credential.Password()
		}
		return task.Save(ctx, kept)
	}
	var credentials openbroker.Credentials
	err = p.attempt(ctx, task, binding.ResourceName(), save, func(ctx context.Context, s *session) error {
		database, who := databaseOf(binding.Instance), accountOf(binding, mode)
		if err := s.facts.allows(settings); err != nil {
			return err
		}
		if err := s.mustHave(ctx, database); err != nil {
			return err
		}
		if credentials, err = p.credentials(s.facts, database, who.user, kept.Password, settings); err != nil {
			return err
		}
		if err := s.dropOtherHosts(ctx, who); err != nil {
			return err
		}
		login := s.facts.flavor.identified(s.facts.plugin, kept.Password) + " " + s.facts.flavor.limits(settings)
		if err := s.create(ctx, who, login); err != nil {
			return err
		}
		if err := s.exec(ctx, "grant the privileges", grantStatement(who, database, mode)); err != nil {
			return err
		}
		// An account that existed has kept its password and its limits.
		return s.exec(ctx, "unlock the account", "ALTER USER "+who.String()+" "+login+" PASSWORD EXPIRE NEVER ACCOUNT UNLOCK")
	})
	return durable.BindResult{Credentials: credentials, Endpoints: credential.Endpoints(p.hosts)}, err
}

// Unbind locks the accounts of the binding, ends their sessions, and drops them, except
// for one that defines views, routines or triggers: that one goes with the database.
func (p *service) Unbind(ctx context.Context, task *durable.Task, binding durable.Binding) error {
	return p.attempt(ctx, task, binding.ResourceName(), fence(ctx, task), func(ctx context.Context, s *session) error {
		users := usersOf(binding)
		// With any host: DROP USER of one leaves the others.
		own, err := accounts(ctx, s.conn, "SELECT User, Host FROM mysql.user WHERE User IN (?, ?)", users[0], users[1])
		if err != nil {
			return err
		}
		for _, a := range own {
			if err := s.disable(ctx, a); err != nil {
				return err
			}
		}
		// Also without accounts: an interrupted attempt, or an administrator, may have
		// dropped them under open sessions.
		if err := s.disconnect(ctx, users); err != nil {
			return err
		}
		for _, a := range own {
			if err := s.drop(ctx, a, databaseOf(binding.Instance)); err != nil {
				return err
			}
		}
		return nil
	})
}
