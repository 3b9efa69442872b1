package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// brokerDatabases is the pattern of the databases that the broker makes.
const brokerDatabases = "ob%"

// tableColumns are what the broker reads of the tables with accounts and grants.
var tableColumns = [][2]string{
	{"user", "Host, User, max_user_connections, password_expired"},
	{"db", "Host, User, Db"},
	{"tables_priv", "Host, User, Db, Table_name"},
	{"procs_priv", "Host, User, Db, Routine_name, Routine_type"},
}

// checkPrivileges returns an error with the statement for each privilege that the
// broker's account lacks.
func checkPrivileges(ctx context.Context, q queryer, f *facts, variables map[string]string) error {
	var self string
	if err := q.QueryRowContext(ctx, "SELECT CURRENT_USER()").Scan(&self); err != nil {
		return fmt.Errorf("find the name of the broker's account: %w", err)
	}
	at := strings.LastIndexByte(self, '@')
	who := account{user: self[:at], host: self[at+1:]}
	grants, err := grantsOf(ctx, q, f.flavor)
	if err != nil {
		return fmt.Errorf("read the privileges of the broker's account: %w", err)
	}
	// Without patterns, only a grant on all databases covers those of instances.
	literal := variables["partial_revokes"] == "ON"
	var problems []error
	lack := func(what, statement string) {
		problems = append(problems, fmt.Errorf("the broker's account lacks %s: GRANT %s TO %s", what, statement, who))
	}
	for _, global := range []string{"CREATE USER", "PROCESS", f.flavor.connectionAdmin()} {
		if !slices.ContainsFunc(grants, func(g grant) bool { return g.object == "*.*" && g.has(global) }) {
			lack(global, global+" ON *.*")
		}
	}
	if !slices.ContainsFunc(grants, func(g grant) bool { return g.coversInstances(literal) }) {
		where := quoteName(brokerDatabases) + ".*"
		if literal {
			where = "*.*"
		}
		lack("privileges on the databases of instances", "ALL PRIVILEGES ON "+where)
		problems[len(problems)-1] = fmt.Errorf("%w WITH GRANT OPTION", problems[len(problems)-1])
	}
	for _, table := range tableColumns {
		err := each(ctx, q, "SELECT "+table[1]+" FROM mysql."+table[0]+" LIMIT 0", nil)
		switch number(err) {
		case errTableAccessDenied, errColumnAccessDenied, errDatabaseDenied:
			lack("SELECT on mysql."+table[0], "SELECT ("+table[1]+") ON mysql."+table[0])
		default:
			if err != nil {
				return fmt.Errorf("read mysql.%s: %w", table[0], err)
			}
		}
	}
	return errors.Join(problems...)
}

// grantsOf returns the grants of the broker's account, with those of its roles.
func grantsOf(ctx context.Context, q queryer, f flavor) ([]grant, error) {
	query := "SHOW GRANTS"
	if f == mySQL {
		// MySQL shows the privileges of roles only if they are named.
		var roles string
		if err := q.QueryRowContext(ctx, "SELECT CURRENT_ROLE()").Scan(&roles); err != nil {
			return nil, err
		}
		if roles != "NONE" {
			query = "SHOW GRANTS FOR CURRENT_USER() USING " + roles
		}
	}
	var grants []grant
	err := each(ctx, q, query, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		if g, ok := parseGrant(line); ok {
			grants = append(grants, g)
		}
		return err
	})
	return grants, err
}

// A grant is a line of SHOW GRANTS.
type grant struct {
	privileges []string
	// object is *.* or what the line has, with its quotes.
	object string
	// mayGrant is WITH GRANT OPTION.
	mayGrant bool
}

// parseGrant reads GRANT ... ON ... TO ...; ok is false for lines of another form, such
// as those for roles.
func parseGrant(line string) (g grant, ok bool) {
	list, isGrant := strings.CutPrefix(line, "GRANT ")
	list, rest, hasObject := strings.Cut(list, " ON ")
	object, rest, hasAccount := strings.Cut(rest, " TO ")
	if !isGrant || !hasObject || !hasAccount {
		return grant{}, false
	}
	depth, begin := 0, 0
	for i, c := range list + "," {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			g.privileges = append(g.privileges, strings.TrimSpace(list[begin:i]))
			begin = i + 1
		}
	}
	g.object = object
	g.mayGrant = strings.HasSuffix(rest, " WITH GRANT OPTION")
	return g, len(g.privileges) > 0
}

func (g grant) has(privilege string) bool {
	return slices.Contains(g.privileges, privilege) || slices.Contains(g.privileges, "ALL PRIVILEGES") || slices.Contains(g.privileges, "SUPER") && strings.HasPrefix(privilege, "CONNECTION")
}

// coversInstances reports whether the grant has what the broker needs on the database of
// any instance. Grants of all privileges are needed for REVOKE ALL.
func (g grant) coversInstances(literal bool) bool {
	if !g.mayGrant {
		return false
	}
	if g.object != "*.*" {
		name, isDatabase := strings.CutSuffix(g.object, ".*")
		name = strings.Trim(name, "`")
		if !isDatabase || literal || !matchesPattern(name, sampleDatabase) {
			return false
		}
		return slices.Contains(g.privileges, "ALL PRIVILEGES")
	}
	return !slices.ContainsFunc(writePrivileges, func(privilege string) bool { return !g.has(privilege) })
}
