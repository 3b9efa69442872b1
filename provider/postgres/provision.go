package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// A state is what the engine stores of an instance.
type state struct {
	Isolation string `json:"isolation"`
	// Database is that of the instance, or the shared one of its schema.
	Database string `json:"database"`
	Encoding string `json:"encoding"`
	Locale   string `json:"locale,omitempty"`
}

func stateFor(n names, plan PlanSettings) state {
	s := state{Isolation: plan.Isolation, Database: n.home, Encoding: plan.Encoding, Locale: plan.Locale}
	if plan.Isolation == isolationSchema {
		s.Database = plan.SharedDatabase
	}
	return s
}

// stateOf returns the state of an instance. ok is false before its provision has ended.
func stateOf(instance durable.Instance) (s state, ok bool, err error) {
	if len(instance.State) == 0 {
		return s, false, nil
	}
	if err := json.Unmarshal(instance.State, &s); err != nil {
		return s, false, fmt.Errorf("the state of the instance: %w", err)
	}
	return s, true, nil
}

// Provision creates the roles of the instance, and its database or schema.
func (p *Provider) Provision(ctx context.Context, task *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	var result durable.ProvisionResult
	plan, err := planOf(instance)
	if err != nil {
		return result, err
	}
	n := namesOf(instance)
	kept := stateFor(n, plan)
	if result.State, err = json.Marshal(kept); err != nil {
		return result, err
	}
	err = p.server.operate(ctx, task, n, kept, func(s *session) error {
		result.Metadata = p.metadata(s)
		if err := s.reserve(ctx, p, n, plan); err != nil {
			return err
		}
		if err := s.createRole(ctx, n.reader); err != nil {
			return err
		}
		if plan.Isolation == isolationSchema {
			return s.createSchema(ctx, n, plan)
		}
		return s.createInstanceDatabase(ctx, n, plan)
	})
	return result, outcome(ctx, err)
}

// metadata are the labels of an instance.
func (p *Provider) metadata(s *session) *openbroker.InstanceMetadata {
	version, _, _ := strings.Cut(s.PgConn().ParameterStatus("server_version"), " ")
	return &openbroker.InstanceMetadata{Labels: map[string]any{
		"engine": "postgresql", "version": version, "host": p.server.address.hosts[0].Name,
	}}
}

// createInstanceDatabase creates the database of an instance. It accepts connections only
// when those who may connect are known.
func (s *session) createInstanceDatabase(ctx context.Context, n names, plan PlanSettings) error {
	if err := s.createDatabase(ctx, n.home, plan.Encoding, plan.Locale); err != nil {
		return err
	}
	// PUBLIC may connect to a new database, and so could every role of every instance.
	name := identifier(n.home)
	if err := together(ctx, s.Conn, "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC",
		"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE "+name+" TO "+identifier(n.owner),
		"GRANT CONNECT ON DATABASE "+name+" TO "+identifier(n.reader)); err != nil {
		return fmt.Errorf("closing the database to everybody but the roles of the instance: %w", err)
	}
	if err := step.Done(ctx, "close the database to others"); err != nil {
		return err
	}
	if err := execute(ctx, s.Conn, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true"); err != nil {
		return fmt.Errorf("opening the database %s: %w", n.home, err)
	}
	if err := step.Done(ctx, "let the database accept connections"); err != nil {
		return err
	}
	return s.in(ctx, n.home, func(conn *pgx.Conn) error {
		if err := givePublic(ctx, conn, n); err != nil {
			return err
		}
		if err := letRead(ctx, conn, n.owner, n.reader); err != nil {
			return err
		}
		return createExtensions(ctx, conn, plan.Extensions)
	})
}

// givePublic gives the schema public to the owner role. Before version 15 it belongs to
// the superuser, and the owner role creates in it as everybody may.
func givePublic(ctx context.Context, conn *pgx.Conn, n names) error {
	ours, err := exists(ctx, conn, "SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')")
	if err != nil || !ours {
		return err
	}
	if err := together(ctx, conn, "ALTER SCHEMA public OWNER TO "+identifier(n.owner),
		"REVOKE ALL ON SCHEMA public FROM PUBLIC", "GRANT USAGE ON SCHEMA public TO "+identifier(n.reader)); err != nil {
		return fmt.Errorf("giving the schema public to the owner role: %w", err)
	}
	return step.Done(ctx, "give the schema public to the owner role")
}

// letRead lets the reader role read what a creator will create: default privileges hold
// for one creator each.
func letRead(ctx context.Context, conn *pgx.Conn, creator, reader string) error {
	grants := []string{"SELECT ON TABLES", "SELECT ON SEQUENCES", "USAGE ON SCHEMAS"}
	if major(conn) >= largeObjectDefaultsVersion {
		grants = append(grants, "SELECT ON LARGE OBJECTS")
	}
	statements := make([]string, len(grants))
	for i, grant := range grants {
		statements[i] = "ALTER DEFAULT PRIVILEGES FOR ROLE " + identifier(creator) + " GRANT " + grant + " TO " + identifier(reader)
	}
	if err := together(ctx, conn, statements...); err != nil {
		return fmt.Errorf("letting the reader role read what %s will create: %w", creator, err)
	}
	return step.Done(ctx, "let the reader role read")
}

// largeObjectDefaultsVersion is the first major version with default privileges for large
// objects.
const largeObjectDefaultsVersion = 18

// createExtensions installs extensions in the schema public, or in that which they need.
func createExtensions(ctx context.Context, conn *pgx.Conn, extensions []string) error {
	for _, name := range extensions {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SET LOCAL search_path = public"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS "+identifier(name)+" CASCADE")
			return err
		})
		if err != nil {
			return fmt.Errorf("installing the extension %s: %w", name, err)
		}
		if err := step.Done(ctx, "install an extension"); err != nil {
			return err
		}
	}
	return nil
}
