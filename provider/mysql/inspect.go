package mysql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// facts are what a provider knows of its server.
type facts struct {
	flavor flavor
	// version is its number, such as 10.11.19.
	version string
	// plugin is the one by which bindings log in.
	plugin string
	// tls says whether the server can encrypt.
	tls            bool
	maxConnections int64
}

// sampleDatabase is like the database of an instance.
const sampleDatabase = "obaaaaaaaaaaaaaaaaaaaaaaaaaa"

// inspect asks the server what it is, and whether the broker can work on it. The error
// says what is missing, and the statements that add it. Limits for applications are
// only logged.
func (p *service) inspect(ctx context.Context) (*facts, error) {
	q := p.server.quick
	var version string
	if err := q.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	var f facts
	var err error
	if f.flavor, f.version, err = parseVersion(version); err != nil {
		return nil, err
	}
	variables, err := variablesOf(ctx, q)
	if err != nil {
		return nil, err
	}
	if f.maxConnections, err = strconv.ParseInt(variables["max_connections"], 10, 64); err != nil {
		return nil, fmt.Errorf("read max_connections: %w", err)
	}
	// MariaDB has have_ssl, and MySQL tells the other one to sessions without TLS too.
	f.tls = variables["have_ssl"] == "YES" || variables["ssl_server_not_after"] != ""
	var problems []error
	for _, check := range []func(context.Context, queryer, *facts, map[string]string) error{
		checkPrivileges, checkEverybody, p.checkPlugins,
	} {
		problems = append(problems, check(ctx, q, &f, variables))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	p.warn(ctx, q, &f, variables)
	return &f, nil
}

// variablesOf returns settings and the state of the server by lower-case name.
func variablesOf(ctx context.Context, q queryer) (map[string]string, error) {
	found := map[string]string{}
	for _, query := range []string{
		"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections', 'log_bin', 'log_bin_trust_function_creators', 'partial_revokes', 'strict_password_validation', 'have_ssl')",
		"SHOW GLOBAL STATUS LIKE 'Ssl_server_not_after'",
	} {
		err := each(ctx, q, query, func(scan func(...any) error) error {
			var name, value string
			err := scan(&name, &value)
			found[strings.ToLower(name)] = value
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the settings of the server: %w", err)
		}
	}
	return found, nil
}

// each calls a function for each row of a query.
func each(ctx context.Context, q queryer, query string, row func(scan func(...any) error) error, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// checkEverybody refuses accounts and grants that are everybody's and that spoil
// bindings: an anonymous account at a host wins over user@'%' there, so a login with the
// right password is refused.
func checkEverybody(ctx context.Context, q queryer, _ *facts, _ map[string]string) error {
	anonymous, err := accounts(ctx, q, "SELECT User, Host FROM mysql.user WHERE User = '' AND Host <> ''")
	if err != nil {
		return fmt.Errorf("find anonymous accounts: %w", err)
	}
	var problems []error
	for _, a := range anonymous {
		problems = append(problems, fmt.Errorf("the server has the anonymous account %s, which wins over the accounts of bindings at that host: DROP USER %[1]s", a))
	}
	return errors.Join(append(problems, checkOpenDatabases(ctx, q))...)
}

// checkOpenDatabases refuses grants to everybody on databases of instances.
func checkOpenDatabases(ctx context.Context, q queryer) error {
	var open []string
	err := openDatabases(ctx, q, func(name string) {
		if matchesPattern(name, sampleDatabase) {
			open = append(open, name)
		}
	})
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return fmt.Errorf("everybody has privileges on the databases %q, which can be those of instances: revoke them", open)
	}
	return nil
}

// openDatabases calls a function with each pattern in a grant to everybody.
func openDatabases(ctx context.Context, q queryer, open func(name string)) error {
	err := each(ctx, q, "SELECT Db FROM mysql.db WHERE User IN ('', 'PUBLIC')", func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		open(name)
		return err
	})
	if err != nil {
		return fmt.Errorf("find grants to everybody: %w", err)
	}
	return nil
}

// checkPlugins chooses the plugin by which bindings log in, and refuses a server whose
// other plugins refuse hashes.
func (p *service) checkPlugins(ctx context.Context, q queryer, f *facts, variables map[string]string) error {
	var active, validators []string
	err := each(ctx, q, "SELECT PLUGIN_NAME, PLUGIN_TYPE FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_TYPE IN ('AUTHENTICATION', 'PASSWORD VALIDATION')",
		func(scan func(...any) error) error {
			var name, kind string
			err := scan(&name, &kind)
			if kind == "AUTHENTICATION" {
				active = append(active, name)
			} else {
				validators = append(validators, name)
			}
			return err
		})
	if err != nil {
		return fmt.Errorf("list the plugins of the server: %w", err)
	}
	f.plugin = cmp.Or(p.settings.Authentication, f.flavor.defaultPlugin())
	var problems []error
	if !slices.Contains(active, f.plugin) {
		problems = append(problems, fmt.Errorf("the plugin %s, by which bindings log in, is not active on the server: set authentication to another plugin, or activate it", f.plugin))
	}
	if f.flavor == mariaDB && len(validators) > 0 && variables["strict_password_validation"] == "ON" {
		problems = append(problems, fmt.Errorf("the server refuses passwords as hashes, because it has %q: SET GLOBAL strict_password_validation = OFF", validators))
	}
	return errors.Join(problems...)
}

// warn logs what limits applications, or opens more than the broker gives them.
func (p *service) warn(ctx context.Context, q queryer, f *facts, variables map[string]string) {
	if variables["log_bin"] == "ON" && variables["log_bin_trust_function_creators"] == "OFF" {
		p.logger.LogAttrs(ctx, slog.LevelWarn, "the server has a binary log, so applications cannot create triggers and functions: set log_bin_trust_function_creators to ON")
	}
	// What cannot be read here was read a moment ago.
	_ = openDatabases(ctx, q, func(name string) {
		p.logger.LogAttrs(ctx, slog.LevelWarn, "all accounts have privileges on a database, so applications can share data there: revoke them", slog.String("database", name))
	})
	p.logger.LogAttrs(ctx, slog.LevelInfo, "connected", slog.String("engine", string(f.flavor)), slog.String("version", f.version), slog.Bool("tls", f.tls))
}

// matchesPattern reports whether a pattern of a grant matches a name.
func matchesPattern(pattern, name string) bool {
	var expression strings.Builder
	escaped := false
	for _, c := range pattern {
		switch {
		case escaped:
			expression.WriteString(regexp.QuoteMeta(string(c)))
			escaped = false
		case c == '\\':
			escaped = true
		case c == '%':
			expression.WriteString(".*")
		case c == '_':
			expression.WriteString(".")
		default:
			expression.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	matched, err := regexp.MatchString("^(?s:"+expression.String()+")$", name)
	return err == nil && matched
}
