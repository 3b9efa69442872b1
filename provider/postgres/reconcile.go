package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

const (
	// reassertInterval is how often the broker sets again what applications can change of
	// their own logins.
	reassertInterval = time.Hour
	// reassertRetry is the pause after a round that failed.
	reassertRetry = time.Minute
)

// A bindingState is what the engine stores of a binding.
type bindingState struct {
	// Verifier is that of the password.
	Verifier  string    `json:"verifier"`
	Mode      string    `json:"mode"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Reconcile sets the passwords and roles of all logins again, now and every hour: a login
// can change both for itself, and then the credentials that the platform has fail. It
// makes nothing that is missing.
func (p *Provider) Reconcile(ctx context.Context, records durable.Records) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		pause := reassertInterval
		if err := p.reassertAll(ctx, records); err != nil && ctx.Err() == nil {
			p.logger.LogAttrs(ctx, slog.LevelWarn, "passwords and roles of logins cannot be set again now", slog.Any("error", err))
			pause = reassertRetry
		}
		timer.Reset(pause)
	}
}

func (p *Provider) reassertAll(ctx context.Context, records durable.Records) error {
	var problems []error
	for binding, err := range records.Bindings(ctx, nil) {
		if err != nil {
			return errors.Join(append(problems, err)...)
		}
		var kept bindingState
		if len(binding.State) == 0 || json.Unmarshal(binding.State, &kept) != nil || kept.Verifier == "" {
			continue
		}
		if err := p.reassert(ctx, binding, kept); err != nil {
			if unreachable(err) {
				return err
			}
			problems = append(problems, fmt.Errorf("the binding %s: %w", binding.ResourceName(), err))
		}
	}
	return errors.Join(problems...)
}

// reassert sets the password and the role of a login, unless an unbind has begun.
func (p *Provider) reassert(ctx context.Context, binding durable.Binding, kept bindingState) error {
	n, name := namesOf(binding.Instance), loginOf(binding)
	return p.server.lock(ctx, n.resource, func(s *session) error {
		found, err := exists(ctx, s.Conn, "SELECT 1 FROM pg_roles WHERE rolname = $1 AND rolcanlogin", name)
		if err != nil || !found {
			return err
		}
		role := "ALTER ROLE " + identifier(name)
		statements := []string{role + " PASSWORD " + literal(kept.Verifier) + " VALID UNTIL " + validUntil(kept.ExpiresAt)}
		if kept.Mode == parameters.ReadOnly {
			statements = append(statements, role+" SET default_transaction_read_only = on")
		} else {
			statements = append(statements, role+" SET role = "+literal(n.owner))
		}
		if placed, ok, err := stateOf(binding.Instance); err == nil && ok && placed.Isolation == isolationSchema {
			statements = append(statements, role+" SET search_path = "+searchPath(n))
		}
		return together(ctx, s.Conn, statements...)
	})
}
