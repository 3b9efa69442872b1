package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// oldestMajor is the oldest major version that the provider supports.
const oldestMajor = 14

const (
	// checkTimeout bounds the checks of a server.
	checkTimeout = 30 * time.Second
	// defaultTemplate is a database that PostgreSQL keeps as initdb made it.
	defaultTemplate = "template0"
)

// A refusal says what must be changed at the server before the provider can work.
type refusal struct{ problems []string }

func (r *refusal) Error() string { return strings.Join(r.problems, "; ") }

// ready checks the server once, and again when it has another version.
func (s *server) ready(ctx context.Context, conn *pgx.Conn) error {
	running := conn.PgConn().ParameterStatus("server_version")
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.checked == running {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if err := s.check(ctx, conn, running); err != nil {
		return err
	}
	s.checked = running
	return nil
}

// An account is what the broker's account may do.
type account struct {
	name                                     string
	superuser, createDB, createRole, inherit bool
	standby                                  bool
	// template and copyable are about the template database.
	template, copyable bool
}

// check returns a refusal if the broker cannot work on the server.
func (s *server) check(ctx context.Context, conn *pgx.Conn, running string) error {
	v, err := parseVersion(running)
	if err != nil {
		return err
	}
	if v.major < oldestMajor {
		return &refusal{[]string{fmt.Sprintf("the server is PostgreSQL %s: upgrade it to %d or newer", running, oldestMajor)}}
	}
	var a account
	err = conn.QueryRow(ctx, `SELECT r.rolname, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolinherit, pg_is_in_recovery(),
		t.oid IS NOT NULL, coalesce(t.datistemplate OR t.datdba = r.oid, false)
		FROM pg_roles r LEFT JOIN pg_database t ON t.datname = $1 WHERE r.rolname = current_user`, s.template).
		Scan(&a.name, &a.superuser, &a.createDB, &a.createRole, &a.inherit, &a.standby, &a.template, &a.copyable)
	if err != nil {
		return fmt.Errorf("reading the privileges of the account: %w", err)
	}
	if a.standby {
		return fmt.Errorf("the server is a standby: %w", errStandby)
	}
	if problems := a.problems(s.template); len(problems) > 0 {
		return &refusal{problems}
	}
	if v.major < 15 && !a.superuser && s.template == defaultTemplate {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "before version 15, everybody may create tables in the schema public of a new database, and only a superuser can change that: "+
			"bindings with the mode ro and instances that are schemas are refused until the setting template names a database without it")
	}
	return s.probe(ctx, conn, v)
}

// errStandby is an answer of the server that changes with a failover.
var errStandby = errors.New("it cannot be written to")

// problems returns what is missing, with the statement that adds it.
func (a *account) problems(template string) []string {
	var problems []string
	missing := func(has bool, what, privilege string) {
		if !has && !a.superuser {
			problems = append(problems, fmt.Sprintf("the account %s may not %s: ALTER ROLE %s %s", a.name, what, identifier(a.name), privilege))
		}
	}
	missing(a.createDB, "create databases", "CREATEDB")
	missing(a.createRole, "create roles", "CREATEROLE")
	missing(a.inherit, "use the privileges of the roles that it has", "INHERIT")
	switch {
	case !a.template:
		problems = append(problems, fmt.Sprintf("the template database %s does not exist", template))
	case !a.copyable && !a.superuser:
		problems = append(problems, fmt.Sprintf("the account %s may not copy the database %s: ALTER DATABASE %s IS_TEMPLATE true", a.name, template, identifier(template)))
	}
	return problems
}
