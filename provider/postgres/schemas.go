package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/provider/internal/step"
)

// relationBatch is how many tables are dropped in one statement. Each takes a lock, and
// the server's table of locks is finite.
const relationBatch = 100

// createSchema creates the schema of an instance in the shared database. Its owner role
// may create nothing outside of it: no other schema, and no extension, because a database
// has each extension only once.
func (s *session) createSchema(ctx context.Context, n names, plan PlanSettings) error {
	shared := plan.SharedDatabase
	// All instances in the database change its privileges.
	return s.locked(ctx, "database "+shared, func() error {
		if err := s.createSharedDatabase(ctx, plan); err != nil {
			return err
		}
		if err := execute(ctx, s.Conn, "GRANT CONNECT ON DATABASE "+identifier(shared)+" TO "+identifier(n.owner)+", "+identifier(n.reader)); err != nil {
			return fmt.Errorf("opening the database %s: %w", shared, err)
		}
		if err := step.Done(ctx, "open the shared database to the roles"); err != nil {
			return err
		}
		return s.in(ctx, shared, func(conn *pgx.Conn) error {
			if err := closePublic(ctx, conn, n); err != nil {
				return err
			}
			if err := createExtensions(ctx, conn, plan.Extensions); err != nil {
				return err
			}
			if err := execute(ctx, conn, "CREATE SCHEMA IF NOT EXISTS "+identifier(n.home)+" AUTHORIZATION "+identifier(n.owner)); err != nil && !hasCode(err, codeDuplicateSchema) {
				return fmt.Errorf("creating the schema %s: %w", n.home, err)
			}
			if err := step.Done(ctx, "create the schema"); err != nil {
				return err
			}
			if err := execute(ctx, conn, "GRANT USAGE ON SCHEMA "+identifier(n.home)+" TO "+identifier(n.reader)); err != nil {
				return fmt.Errorf("opening the schema %s: %w", n.home, err)
			}
			if err := step.Done(ctx, "open the schema to the reader role"); err != nil {
				return err
			}
			return letRead(ctx, conn, n.owner, n.reader)
		})
	})
}

// createSharedDatabase creates the database of schemas, unless it exists.
func (s *session) createSharedDatabase(ctx context.Context, plan PlanSettings) error {
	if err := s.createDatabase(ctx, plan.SharedDatabase, plan.Encoding, ""); err != nil {
		return err
	}
	name := identifier(plan.SharedDatabase)
	if err := together(ctx, s.Conn, "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC", "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true"); err != nil {
		return fmt.Errorf("opening the database %s: %w", plan.SharedDatabase, err)
	}
	return step.Done(ctx, "open the shared database")
}

// closePublic keeps everybody from creating in the schema public, as they may before
// version 15. A tenant could put functions in the way of others.
func closePublic(ctx context.Context, conn *pgx.Conn, n names) error {
	open, err := exists(ctx, conn, "SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege($1, oid, 'CREATE')", n.reader)
	if err != nil || !open {
		return err
	}
	if err := execute(ctx, conn, "REVOKE CREATE ON SCHEMA public FROM PUBLIC"); err != nil {
		return fmt.Errorf("everybody may create in the schema public of the database %s, and the broker cannot change that: "+
			"a superuser must run REVOKE CREATE ON SCHEMA public FROM PUBLIC there: %w", conn.Config().Database, err)
	}
	// A REVOKE of what another role granted is no error and has no effect.
	open, err = exists(ctx, conn, "SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege($1, oid, 'CREATE')", n.reader)
	if err == nil && open {
		err = fmt.Errorf("everybody may create in the schema public of the database %s, and the broker cannot change that: "+
			"a superuser must run REVOKE CREATE ON SCHEMA public FROM PUBLIC there", conn.Config().Database)
	}
	return err
}

// dropSchema deletes a schema, a batch of its tables at a time.
func dropSchema(ctx context.Context, conn *pgx.Conn, name string) error {
	for {
		relations, err := texts(ctx, conn, `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition LIMIT $2`, name, relationBatch)
		if err != nil {
			return err
		}
		if len(relations) < relationBatch {
			break
		}
		for _, relation := range relations {
			if err := execute(ctx, conn, "DROP TABLE IF EXISTS "+relation+" CASCADE"); err != nil {
				return fmt.Errorf("deleting the tables of the schema %s: %w", name, err)
			}
		}
	}
	if err := execute(ctx, conn, "DROP SCHEMA IF EXISTS "+identifier(name)+" CASCADE"); err != nil {
		return fmt.Errorf("deleting the schema %s: %w", name, err)
	}
	return step.Done(ctx, "delete the schema")
}
