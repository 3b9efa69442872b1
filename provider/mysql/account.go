package mysql

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// accountOf returns the account of a binding in a mode. Each mode has its own: an account
// that defines views or triggers outlives its binding, and a later binding with the same
// id must not take privileges from it.
func accountOf(binding durable.Binding, mode string) account {
	name := binding.ResourceName()
	if mode == parameters.ReadOnly {
		reader := binding
		reader.ID += "\x00" + parameters.ReadOnly // No id of a platform has this byte.
		name = reader.ResourceName()
	}
	return account{user: credential.Username(name), host: anyHost}
}

// usersOf returns the names that the accounts of a binding can have.
func usersOf(binding durable.Binding) []string {
	return []string{accountOf(binding, parameters.ReadWrite).user, accountOf(binding, parameters.ReadOnly).user}
}

// isBroker reports whether a broker made an account.
func isBroker(a account) bool {
	_, ok := credential.ResourceOfUser(a.user)
	return ok
}

// grantees returns the accounts with privileges on a database or something in it.
// DROP DATABASE leaves most of these privileges.
func grantees(ctx context.Context, q queryer, database string) ([]account, error) {
	found, err := accounts(ctx, q, "SELECT User, Host FROM mysql.db WHERE Db IN (?, ?) "+
		"UNION SELECT User, Host FROM mysql.tables_priv WHERE Db = ? UNION SELECT User, Host FROM mysql.procs_priv WHERE Db = ?",
		database, pattern(database), database, database)
	if err != nil {
		return nil, fmt.Errorf("find the accounts of the database: %w", err)
	}
	return found, nil
}

// boundAccounts returns the accounts of a database with which applications can log in.
// Those that only define objects have an expired password.
func boundAccounts(ctx context.Context, q queryer, database string) ([]account, error) {
	found, err := accounts(ctx, q, "SELECT u.User, u.Host FROM mysql.user u JOIN mysql.db d ON u.User = d.User AND u.Host = d.Host "+
		"WHERE d.Db = ? AND u.password_expired = 'N'", pattern(database))
	if err != nil {
		return nil, fmt.Errorf("find the accounts of the bindings: %w", err)
	}
	var bound []account
	for _, a := range found {
		if isBroker(a) {
			bound = append(bound, a)
		}
	}
	return bound, nil
}

// disable makes it impossible to log in with an account: it is locked, and has a
// password that nobody knows. Open sessions go on.
func (s *session) disable(ctx context.Context, a account) error {
	return s.exec(ctx, "lock the account", "ALTER USER IF EXISTS "+a.String()+" "+s.facts.flavor.identified(s.facts.plugin, credential.Password())+
		" WITH MAX_USER_CONNECTIONS 1 PASSWORD EXPIRE ACCOUNT LOCK")
}

// create creates an account, locked, unless it exists. MySQL refuses CREATE USER IF NOT
// EXISTS even of an existing account that is a definer.
func (s *session) create(ctx context.Context, a account, login string) error {
	existing, err := accounts(ctx, s.conn, "SELECT User, Host FROM mysql.user WHERE User = ? AND Host = ?", a.user, a.host)
	if err != nil {
		return fmt.Errorf("find the account: %w", err)
	}
	if len(existing) > 0 {
		return nil
	}
	return s.exec(ctx, "create the account", "CREATE USER IF NOT EXISTS "+a.String()+" "+login+" PASSWORD EXPIRE NEVER ACCOUNT LOCK")
}

// dropOtherHosts drops accounts with the name of a new one and another host. At that
// host, they would win over the new one, and its password would be refused.
func (s *session) dropOtherHosts(ctx context.Context, a account) error {
	others, err := accounts(ctx, s.conn, "SELECT User, Host FROM mysql.user WHERE User = ? AND Host <> ?", a.user, a.host)
	if err != nil {
		return fmt.Errorf("find accounts of the same name: %w", err)
	}
	for _, other := range others {
		if err := s.exec(ctx, "drop an account of the same name", "DROP USER IF EXISTS "+other.String()); err != nil {
			return err
		}
	}
	return nil
}

// defines reports whether an account is the definer of views, routines or triggers in a
// database. Without it, they would fail for everybody.
func (s *session) defines(ctx context.Context, a account, database string) (bool, error) {
	var n int
	err := s.conn.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? AND DEFINER = ?) + "+
		"(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? AND DEFINER = ?) + "+
		"(SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? AND DEFINER = ?) + "+
		"(SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? AND DEFINER = ?)",
		database, a.definer(), database, a.definer(), database, a.definer(), database, a.definer()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("find what the account defines: %w", err)
	}
	return n > 0, nil
}

// drop drops an account that can no longer log in, unless it is a definer.
func (s *session) drop(ctx context.Context, a account, database string) error {
	defines, err := s.defines(ctx, a, database)
	if err != nil {
		return err
	}
	if !defines {
		err = s.exec(ctx, "drop the account", "DROP USER IF EXISTS "+a.String())
		// MySQL looks in all databases. An administrator may have made the account a
		// definer elsewhere.
		defines = number(err) == errIsDefiner
	}
	if defines {
		s.logger.LogAttrs(ctx, slog.LevelInfo, "the account of the binding stays, locked, because it defines views, routines or triggers", slog.String("account", a.user))
		return nil
	}
	return err
}

// clear removes all accounts and privileges of a database that does not exist.
func (s *session) clear(ctx context.Context, database string) error {
	left, err := grantees(ctx, s.conn, database)
	if err != nil {
		return err
	}
	for _, a := range left {
		if isBroker(a) {
			err = s.exec(ctx, "drop an account of the database", "DROP USER IF EXISTS "+a.String())
		} else {
			err = s.revoke(ctx, a, database)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// revoke takes the privileges on a database and what was in it from an account that no
// broker made.
func (s *session) revoke(ctx context.Context, a account, database string) error {
	var objects []string
	collect := func(query, format string) error {
		return each(ctx, s.conn, query, func(scan func(...any) error) error {
			var kind, name string
			err := scan(&kind, &name)
			objects = append(objects, fmt.Sprintf(format, kind, quoteName(database), quoteName(name)))
			return err
		}, a.user, a.host, database)
	}
	var found int
	err := s.conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM mysql.db WHERE User = ? AND Host = ? AND Db = ?", a.user, a.host, pattern(database)).Scan(&found)
	if err == nil && found > 0 {
		objects = append(objects, quoteName(pattern(database))+".*")
	}
	if err == nil {
		err = collect("SELECT 'TABLE', Table_name FROM mysql.tables_priv WHERE User = ? AND Host = ? AND Db = ?", "%s %s.%s")
	}
	if err == nil {
		err = collect("SELECT Routine_type, Routine_name FROM mysql.procs_priv WHERE User = ? AND Host = ? AND Db = ?", "%s %s.%s")
	}
	if err != nil {
		return fmt.Errorf("find the privileges of an account: %w", err)
	}
	for _, object := range objects {
		err := s.exec(ctx, "revoke a privilege", "REVOKE ALL PRIVILEGES ON "+object+" FROM "+a.String())
		if err != nil {
			return err
		}
	}
	return nil
}
