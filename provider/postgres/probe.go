package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/provider/internal/credential"
)

const (
	// probePrefix begins the names of the roles of a probe, which no binding can have.
	probePrefix = "openbroker_probe_"
	// probeTime is how long the login of a probe is valid. Later probes delete older
	// ones, which a killed broker left.
	probeTime = 5 * time.Minute
	// demandsPassword excludes servers that trust their clients.
	demandsPassword = "!none"
)

// The versions from which on PostgreSQL keeps the role that ALTER ROLE … SET role gives to
// sessions: before, DISCARD ALL took it away, and the last version before ignored it
// altogether.
var fixedVersions = []version{{14, 15}, {15, 10}, {16, 6}, {17, 2}}

// probe refuses servers that do not let a login act as the owner role. It logs in as an
// application does. If that is impossible from here, the number of the version decides.
func (s *server) probe(ctx context.Context, conn *pgx.Conn, v version) (err error) {
	if err := s.sweepProbes(ctx, conn); err != nil {
		return err
	}
	p := &probe{name: probePrefix + strings.ToLower(rand.Text()[:12]), password: credential.Password()}
	p.owner = p.name + ownerSuffix
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		if _, drop := conn.Exec(ctx, "DROP ROLE IF EXISTS "+identifier(p.name)+", "+identifier(p.owner)); drop != nil && err == nil {
			err = fmt.Errorf("deleting the roles of a probe: %w", drop)
		}
	}()
	if err := p.create(ctx, conn); err != nil {
		return fmt.Errorf("creating roles to probe the server: %w", err)
	}
	login, err := s.logIn(ctx, p, demandsPassword)
	if err != nil && strings.Contains(err.Error(), "require_auth") {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "the server accepts any password from here (trust in pg_hba.conf): demand scram-sha-256, or credentials protect nothing")
		login, err = s.logIn(ctx, p, "")
	}
	if err != nil {
		s.logger.LogAttrs(ctx, slog.LevelInfo, "the login of a binding cannot be tried from here, so the version of the server decides", slog.Any("error", err))
		return v.refusal()
	}
	defer func() { _ = login.Close(context.WithoutCancel(ctx)) }()
	for _, step := range []struct{ statement, fault string }{
		{"SELECT 1", "ignores ALTER ROLE ... SET role, so that each binding would own its tables"},
		{"DISCARD ALL", "loses the role of ALTER ROLE ... SET role at DISCARD ALL, which connection pools send"},
	} {
		var role string
		if _, err := login.Exec(ctx, step.statement); err != nil {
			return fmt.Errorf("probing the server: %w", err)
		}
		if err := login.QueryRow(ctx, "SELECT current_user").Scan(&role); err != nil {
			return fmt.Errorf("probing the server: %w", err)
		}
		if role != p.owner {
			return v.refused(step.fault)
		}
	}
	return nil
}

// refusal returns an error for versions that are known to be unusable.
func (v version) refusal() error {
	for _, fixed := range fixedVersions {
		if v.major == fixed.major && v.before(fixed) {
			return v.refused("ignores ALTER ROLE ... SET role, or loses that role at DISCARD ALL")
		}
	}
	return nil
}

func (v version) refused(fault string) error {
	advice := "upgrade it"
	for _, fixed := range fixedVersions {
		if fixed.major == v.major {
			advice = fmt.Sprintf("upgrade it to %d.%d or newer", fixed.major, fixed.minor)
		}
	}
	return &refusal{[]string{fmt.Sprintf("PostgreSQL %d.%d %s: %s", v.major, v.minor, fault, advice)}}
}

// A probe is a login role that acts as another role.
type probe struct{ name, owner, password string }

func (p *probe) create(ctx context.Context, conn *pgx.Conn) error {
	hash, err := verifier(p.password)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"CREATE ROLE " + identifier(p.owner),
		"CREATE ROLE " + identifier(p.name) + " LOGIN CONNECTION LIMIT 2 PASSWORD " + literal(hash) + " VALID UNTIL " + validUntil(time.Now().Add(probeTime)),
		"GRANT " + identifier(p.owner) + " TO " + identifier(p.name),
		"ALTER ROLE " + identifier(p.name) + " SET role = " + literal(p.owner),
	} {
		if err := execute(ctx, conn, statement); err != nil {
			return err
		}
	}
	return nil
}

// logIn logs in to the maintenance database. The client refuses a server that does not
// authenticate it in one of the methods.
func (s *server) logIn(ctx context.Context, p *probe, methods string) (*pgx.Conn, error) {
	config := s.address.config.Copy()
	config.User, config.Password, config.RequireAuth = p.name, p.password, methods
	if err := s.address.secure(config); err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, config)
}

// sweepProbes deletes the roles of probes that ended without doing so.
func (s *server) sweepProbes(ctx context.Context, conn *pgx.Conn) error {
	old, err := texts(ctx, conn, `SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1) AND rolcanlogin AND rolvaliduntil < now()`, probePrefix)
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := execute(ctx, conn, "DROP ROLE IF EXISTS "+identifier(name)+", "+identifier(name+ownerSuffix)); err != nil {
			s.logger.LogAttrs(ctx, slog.LevelWarn, "the roles of an old probe cannot be deleted", slog.String("role", name), slog.Any("error", err))
		}
	}
	return nil
}
