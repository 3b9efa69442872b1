package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

var (
	_ durable.Provider       = (*Provider)(nil)
	_ durable.RequestChecker = (*Provider)(nil)
	_ durable.ResourceLister = (*Provider)(nil)
	_ durable.ResourceFinder = (*Provider)(nil)
	_ durable.Reconciler     = (*Provider)(nil)
	_ provider.HealthChecker = (*Provider)(nil)
	_ io.Closer              = (*Provider)(nil)
)

// A Provider provides PostgreSQL databases. Create it with [New]. It is safe for
// concurrent use, also by several processes.
type Provider struct {
	server     *server
	overcommit int
	logger     *slog.Logger
}

// New returns a provider for the server of the settings. It logs in, tries what it needs,
// and returns an error that says what is missing: a privilege of the account, or a server
// whose version cannot be used. A server that is away is no error: operations wait for
// it, and then it is checked.
func New(ctx context.Context, settings Settings, logger *slog.Logger) (*Provider, error) {
	a, err := readAddress(settings)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s, err := newServer(ctx, a, settings, logger)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	p := &Provider{server: s, overcommit: settings.Overcommit, logger: logger}
	err = p.CheckHealth(ctx)
	switch {
	case err == nil:
	case ctx.Err() == nil && away(err):
		logger.LogAttrs(ctx, slog.LevelWarn, "the PostgreSQL server is away: operations wait for it", slog.Any("error", err))
	default:
		s.pool.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return p, nil
}

// away reports whether an error may end without a change of the configuration. A wrong
// password or certificate does not.
func away(err error) bool {
	var (
		chain       *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		certificate x509.CertificateInvalidError
	)
	switch {
	case hasCode(err, codeInvalidPassword, codeNotAuthorized), errors.As(err, &chain), errors.As(err, &authority), errors.As(err, &certificate):
		return false
	case strings.Contains(err.Error(), "server refused TLS connection"): // The driver has no type for it.
		return false
	default:
		return unreachable(err)
	}
}

// CheckHealth returns why the server cannot be used now.
func (p *Provider) CheckHealth(ctx context.Context) error {
	return p.server.query(ctx, func(conn *pgxpool.Conn) error {
		standby, err := exists(ctx, conn.Conn(), "SELECT 1 WHERE pg_is_in_recovery()")
		if err == nil && standby {
			err = errStandby
		}
		return err
	})
}

// Close closes the connections to the server.
func (p *Provider) Close() error {
	p.server.pool.Close()
	return nil
}
