package pgstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// CheckDSN checks a DSN without a connection. The error names the part of the DSN
// that is wrong. It contains no value of the DSN except the path of a file that
// cannot be read: if an escape is missing, any value may be the password.
func CheckDSN(dsn string) error {
	_, err := parseDSN(dsn)
	return err
}

const dsnSyntax = "write it like postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in the user name or the password, %2F for a slash and %25 for a percent sign"

func parseDSN(dsn string) (*pgxpool.Config, error) {
	fail := func(problem string) (*pgxpool.Config, error) {
		return nil, errors.New("pgstore: the connection URL " + problem + ": " + dsnSyntax)
	}
	if scheme, rest, isURL := strings.Cut(dsn, "://"); isURL && strings.HasPrefix(scheme, "postgres") {
		at := strings.IndexByte(rest, '@')
		switch slash := strings.IndexByte(rest, '/'); {
		case at < 0:
		case strings.IndexByte(rest[at+1:], '@') >= 0:
			return fail("has more than one @")
		case slash >= 0 && slash < at:
			return fail("has a slash before its @")
		}
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		var file *fs.PathError
		if errors.As(err, &file) {
			return nil, fmt.Errorf("pgstore: the connection URL names the file %s, which cannot be read: %w", file.Path, file.Err)
		}
		return fail("is malformed" + namedSetting(err))
	}
	// Errors of connections contain these parts.
	hosts := []string{config.ConnConfig.Host}
	for _, fallback := range config.ConnConfig.Fallbacks {
		hosts = append(hosts, fallback.Host)
	}
	for _, host := range hosts {
		if strings.ContainsAny(host, "@ ") && !strings.HasPrefix(host, "/") {
			return fail("has a host with an @ or a space in it")
		}
	}
	if strings.Contains(config.ConnConfig.User, ":") {
		return fail("has a user name with a colon in it")
	}
	return config, nil
}

// namedSetting returns the name of the setting that an error of pgx refers to. The error
// itself may contain any part of the DSN.
func namedSetting(err error) string {
	text := err.Error()
	text = text[strings.LastIndex(text, "`: ")+1:]
	for _, setting := range [...]string{
		"sslmode", "sslnegotiation", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslsni", "target_session_attrs",
		"connect_timeout", "min_protocol_version", "max_protocol_version", "channel_binding", "require_auth", "krbspn", "service", "passfile",
		"pool_max_conns", "pool_min_conns", "pool_max_conn_lifetime", "pool_max_conn_idle_time", "pool_health_check_period", "port",
	} {
		if strings.Contains(text, setting) {
			return ", check its " + setting
		}
	}
	return ""
}
