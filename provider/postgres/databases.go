package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/provider/internal/step"
)

// interruptedDrop is the connection limit of a database whose DROP DATABASE was
// interrupted. It only can be dropped again.
const interruptedDrop = -2

// A database is what pg_database has of one.
type database struct {
	found, ours, accepts, interrupted bool
}

func (s *session) database(ctx context.Context, name string) (database, error) {
	var d database
	var limit int
	err := s.QueryRow(ctx, "SELECT pg_has_role(datdba, 'USAGE'), datallowconn, datconnlimit FROM pg_database WHERE datname = $1", name).
		Scan(&d.ours, &d.accepts, &limit)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, nil
	}
	d.found, d.interrupted = err == nil, limit == interruptedDrop
	return d, err
}

// createDatabase creates a database of the broker's account, unless it exists. The account
// owns it, because an owner could drop it. It accepts no connections yet.
func (s *session) createDatabase(ctx context.Context, name, encoding, locale string) error {
	d, err := s.database(ctx, name)
	if err != nil {
		return err
	}
	if d.interrupted {
		if err := s.dropDatabase(ctx, name); err != nil {
			return err
		}
		d = database{}
	}
	if d.found {
		if !d.ours {
			return fmt.Errorf("the database %s exists, and belongs to another account", name)
		}
		return nil
	}
	statement := "CREATE DATABASE " + identifier(name) + " TEMPLATE " + identifier(s.server.template)
	if s.server.template == defaultTemplate {
		// Another template may have texts in its encoding.
		statement += " ENCODING " + literal(encoding)
	}
	if locale != "" {
		statement += " LOCALE " + literal(locale)
	}
	if err := execute(ctx, s.Conn, statement+" ALLOW_CONNECTIONS false"); err != nil && !hasCode(err, codeDuplicateDatabase) {
		return fmt.Errorf("creating the database %s: %w", name, err)
	}
	return step.Done(ctx, "create the database")
}

// closeDatabase keeps new connections from a database.
func (s *session) closeDatabase(ctx context.Context, name string) error {
	if err := execute(ctx, s.Conn, "ALTER DATABASE "+identifier(name)+" ALLOW_CONNECTIONS false"); err != nil {
		return fmt.Errorf("closing the database %s: %w", name, err)
	}
	return step.Done(ctx, "close the database")
}

// dropDatabase deletes a database, and ends the connections to it.
func (s *session) dropDatabase(ctx context.Context, name string) error {
	if err := execute(ctx, s.Conn, "DROP DATABASE IF EXISTS "+identifier(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("deleting the database %s: %w", name, err)
	}
	return step.Done(ctx, "delete the database")
}
