package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// renewalShare is the part of its life after which a binding should be replaced.
const renewalShare = 0.75

// A checkpoint has what later attempts at a bind repeat: an application may have got it
// from an attempt whose end was not recorded.
type checkpoint struct {
	Password  string    `json:"password"`
	ExpiresAt time.Time `json:"expires_at"`
}

// errMissing means that somebody deleted what the broker made.
var errMissing = errors.New("the database or schema of the instance is missing")

// Bind creates the login role of the binding.
func (p *Provider) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	var result durable.BindResult
	mode, err := parameters.Mode(binding.Parameters)
	if err != nil {
		return result, err
	}
	plan, err := planOf(binding.Instance)
	if err != nil {
		return result, err
	}
	kept, ok, err := stateOf(binding.Instance)
	if err != nil {
		return result, err
	}
	if !ok {
		return result, errMissing
	}
	secret, err := remember(task, time.Duration(plan.BindingTTL))
	if err != nil {
		return result, err
	}
	b := &bind{p: p, n: namesOf(binding.Instance), mode: mode, plan: plan, database: kept.Database, secret: secret}
	if b.verifier, err = verifier(secret.Password); err != nil {
		return result, err
	}
	b.login = loginFor(loginOf(binding), b.n, mode, plan)
	if err := p.server.operate(ctx, task, b.n, secret, func(s *session) error { return b.create(ctx, s, binding) }); err != nil {
		return result, outcome(ctx, err)
	}
	if result.Credentials, err = p.credentials(kept.Database, b.login.name, secret.Password, plan.Profiles); err != nil {
		return result, err
	}
	result.Endpoints = credential.Endpoints(p.server.address.hosts)
	if result.State, err = json.Marshal(bindingState{Verifier: b.verifier, Mode: mode, ExpiresAt: secret.ExpiresAt}); err != nil {
		return result, err
	}
	if ttl := time.Duration(plan.BindingTTL); ttl > 0 {
		result.ExpiresAt = secret.ExpiresAt
		result.RenewBefore = secret.ExpiresAt.Add(-time.Duration((1 - renewalShare) * float64(ttl)).Truncate(time.Second))
	}
	return result, nil
}

// remember returns the secret of an earlier attempt, or a new one.
func remember(task *durable.Task, ttl time.Duration) (checkpoint, error) {
	var secret checkpoint
	found, err := task.Load(&secret)
	if err != nil || found {
		return secret, err
	}
	secret.Password = credential.Password()
	if ttl > 0 {
		secret.ExpiresAt = time.Now().Add(ttl).UTC().Truncate(time.Second)
	}
	return secret, nil
}

// A bind is the work of one bind.
type bind struct {
	p        *Provider
	n        names
	mode     string
	plan     PlanSettings
	database string
	secret   checkpoint
	verifier string
	login    login
}

// create makes the role complete before it can log in.
func (b *bind) create(ctx context.Context, s *session, binding durable.Binding) error {
	// Somebody could have deleted the instance's roles, and another could have them now.
	if found, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_roles WHERE rolname = $1", b.n.owner); err != nil || !found {
		return errors.Join(err, errMissing)
	}
	if err := s.promise(ctx, b); err != nil {
		return err
	}
	if err := execute(ctx, s.Conn, "GRANT "+identifier(b.login.group)+" TO "+identifier(b.login.name)); err != nil {
		return fmt.Errorf("making the login a member: %w", err)
	}
	if err := step.Done(ctx, "make the login a member"); err != nil {
		return err
	}
	if err := s.in(ctx, b.database, func(conn *pgx.Conn) error { return b.prepare(ctx, s, conn) }); err != nil {
		return err
	}
	if err := b.login.configure(ctx, s.Conn); err != nil {
		return err
	}
	if err := step.Done(ctx, "set the settings of the login"); err != nil {
		return err
	}
	if binding.PredecessorID != "" {
		if err := b.reassert(ctx, s, predecessorOf(binding)); err != nil {
			return err
		}
	}
	statement := "ALTER ROLE " + identifier(b.login.name) + " LOGIN PASSWORD " + literal(b.verifier) + " VALID UNTIL " + validUntil(b.secret.ExpiresAt)
	if err := execute(ctx, s.Conn, statement); err != nil {
		return fmt.Errorf("letting the login log in: %w", err)
	}
	return step.Done(ctx, "let the login log in")
}

// prepare works in the database of the instance.
func (b *bind) prepare(ctx context.Context, s *session, conn *pgx.Conn) error {
	found, err := exists(ctx, conn, "SELECT 1 FROM pg_namespace WHERE nspname = $1", b.schema())
	if err != nil || !found && b.plan.Isolation == isolationSchema {
		return errors.Join(err, errMissing)
	}
	if b.mode == parameters.ReadOnly {
		if err := refuseReader(ctx, conn, b.n); err != nil {
			return err
		}
	}
	// What a login makes after SET ROLE NONE is its own.
	if err := letRead(ctx, conn, b.login.name, b.n.reader); err != nil {
		return err
	}
	logins, err := s.logins(ctx, b.n)
	if err != nil || len(logins) == 0 {
		return err
	}
	if _, err := conn.Exec(ctx, "REASSIGN OWNED BY "+identifiers(logins)+" TO "+identifier(b.n.owner)); err != nil {
		if !temporary(err) {
			return fmt.Errorf("giving the tables of logins to the owner role: %w", err)
		}
		// An application uses what it made as itself. The next bind or unbind tries it
		// again; no binding has to wait for that.
		b.p.logger.LogAttrs(ctx, slog.LevelWarn, "what bindings own themselves is locked, and stays theirs for now",
			slog.String("resource", b.n.resource), slog.Any("error", err))
	}
	return step.Done(ctx, "give what logins own to the owner role")
}

// schema is where unqualified names are created.
func (b *bind) schema() string {
	if b.plan.Isolation == isolationSchema {
		return b.n.home
	}
	return "public"
}

// refuseReader refuses a reader where everybody may create, which only a superuser can
// change before version 15.
func refuseReader(ctx context.Context, conn *pgx.Conn, n names) error {
	open, err := exists(ctx, conn, `SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege($1, oid, 'CREATE')
		AND nspowner <> (SELECT oid FROM pg_roles WHERE rolname = $2)`, n.reader, n.owner)
	if err == nil && open {
		err = openbroker.ErrInvalidParameters.WithDescription(`parameters.mode cannot be "ro": in databases of this server, everybody may create tables in the schema public. The operator can change that with another template database.`)
	}
	return err
}

// reassert gives a binding that is being replaced its limit and its settings, which its
// application may have changed.
func (b *bind) reassert(ctx context.Context, s *session, predecessor string) error {
	mode, found, err := s.modeOf(ctx, predecessor, b.n)
	if err != nil || !found {
		return err
	}
	if err := loginFor(predecessor, b.n, mode, b.plan).configure(ctx, s.Conn); err != nil {
		return err
	}
	return step.Done(ctx, "set the settings of the predecessor")
}

// logins returns the login roles of an instance.
func (s *session) logins(ctx context.Context, n names) ([]string, error) {
	members, err := texts(ctx, s.Conn, `SELECT DISTINCT l.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
		WHERE g.rolname IN ($1, $2) AND l.rolname <> current_user ORDER BY l.rolname`, n.owner, n.reader)
	if err != nil {
		return nil, err
	}
	var logins []string
	for _, name := range members {
		// An operator may have given somebody else the role.
		if _, ours := credential.ResourceOfUser(name); ours {
			logins = append(logins, name)
		}
	}
	return logins, nil
}

// modeOf returns the mode of a login role of an instance.
func (s *session) modeOf(ctx context.Context, name string, n names) (mode string, found bool, err error) {
	groups, err := texts(ctx, s.Conn, `SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
		WHERE l.rolname = $1 AND g.rolname IN ($2, $3)`, name, n.owner, n.reader)
	if err != nil || len(groups) == 0 {
		return "", false, err
	}
	if groups[0] == n.reader {
		return parameters.ReadOnly, true, nil
	}
	return parameters.ReadWrite, true, nil
}
