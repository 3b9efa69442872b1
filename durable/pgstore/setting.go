package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

const (
	selectSetting = `SELECT value FROM settings WHERE name = $1`
	insertSetting = `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`
)

// Setting implements [durable.Store].
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var value []byte
	err := s.pool.QueryRow(ctx, selectSetting, name).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, durable.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("pgstore: setting: %w", err)
	}
	return value, nil
}

// PutSetting implements [durable.Store].
func (s *Store) PutSetting(ctx context.Context, name string, value []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if value == nil {
		value = []byte{}
	}
	if _, err := s.alone(ctx, insertSetting, name, value); err != nil {
		return nil, fmt.Errorf("pgstore: put setting: %w", err)
	}
	return s.Setting(ctx, name)
}
