package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/provider/internal/parameters"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// roleMembershipVersion is the first major version whose memberships have options, and
// in which the account that creates a role may only administer it.
const roleMembershipVersion = 16

// createRole creates a role without login, unless it exists, and makes the broker's
// account a member: without that it can neither create objects for the role, nor end its
// sessions, nor clean up after it.
func (s *session) createRole(ctx context.Context, name string) error {
	found, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_roles WHERE rolname = $1", name)
	if err != nil {
		return err
	}
	if !found {
		// Another attempt at the same operation may be as far.
		if err := execute(ctx, s.Conn, "CREATE ROLE "+identifier(name)); err != nil && !hasCode(err, codeDuplicateObject) {
			return fmt.Errorf("creating the role %s: %w", name, err)
		}
		if err := step.Done(ctx, "create a role"); err != nil {
			return err
		}
	}
	return s.join(ctx, name)
}

// join makes the broker's account a member of a role, with all that this can give.
func (s *session) join(ctx context.Context, name string) error {
	statement := "GRANT " + identifier(name) + " TO CURRENT_USER"
	if major(s.Conn) >= roleMembershipVersion {
		statement += " WITH INHERIT TRUE, SET TRUE"
	}
	member, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_roles WHERE rolname = $1 AND pg_has_role(oid, 'USAGE') AND pg_has_role(oid, "+literal(s.setPrivilege())+")", name)
	if err != nil || member {
		return err
	}
	if err := execute(ctx, s.Conn, statement); err != nil {
		return fmt.Errorf("becoming a member of the role %s, which another account may have created: %w", name, err)
	}
	return step.Done(ctx, "become a member of a role")
}

// setPrivilege is the privilege to SET ROLE to a role.
func (s *session) setPrivilege() string {
	if major(s.Conn) >= roleMembershipVersion {
		return "SET"
	}
	return "MEMBER"
}

// A login is what a login role has besides its password.
type login struct {
	name string
	// group is the role that gives it its privileges.
	group string
	// settings are parameters of its sessions.
	settings map[string]string
	limit    int
}

// loginFor returns the login role of a binding.
func loginFor(name string, n names, mode string, plan PlanSettings) login {
	l := login{name: name, group: n.owner, limit: plan.ConnectionLimit, settings: maps.Clone(plan.Settings)}
	if l.settings == nil {
		l.settings = map[string]string{}
	}
	for name, timeout := range map[string]time.Duration{
		"statement_timeout":                   time.Duration(plan.Statement),
		"idle_in_transaction_session_timeout": time.Duration(plan.IdleTransaction),
		"idle_session_timeout":                time.Duration(plan.Idle),
		"lock_timeout":                        time.Duration(plan.Lock),
	} {
		if timeout > 0 {
			l.settings[name] = strconv.FormatInt(max(timeout.Milliseconds(), 1), 10)
		}
	}
	if plan.Isolation == isolationSchema {
		l.settings["search_path"] = searchPath(n)
	}
	if mode == parameters.ReadOnly {
		l.group = n.reader
		l.settings["default_transaction_read_only"] = "on"
	} else {
		l.settings["role"] = n.owner
	}
	return l
}

// configure gives a login role its limit and its settings, all at once: a session that
// starts now has the former ones or these.
func (l login) configure(ctx context.Context, conn *pgx.Conn) error {
	role := "ALTER ROLE " + identifier(l.name)
	statements := []string{role + " CONNECTION LIMIT " + strconv.Itoa(connectionLimit(l.limit)), role + " RESET ALL"}
	for _, name := range slices.Sorted(maps.Keys(l.settings)) {
		value := literal(l.settings[name])
		if name == "search_path" {
			value = l.settings[name] // A list of identifiers.
		}
		statements = append(statements, role+" SET "+name+" = "+value)
	}
	if err := together(ctx, conn, statements...); err != nil {
		return fmt.Errorf("the settings of the role %s: %w", l.name, err)
	}
	return nil
}

// connectionLimit returns the limit of a plan as a role has it.
func connectionLimit(limit int) int {
	if limit == 0 {
		return -1
	}
	return limit
}
