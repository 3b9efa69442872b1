package sqlitestore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/openbroker/openbroker/durable"
)

const (
	selectSetting = `SELECT value FROM settings WHERE name = ?`
	insertSetting = `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`
)

// Setting implements [durable.Store].
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.read(ctx, func(r *session) error {
		err := r.queryRow(selectSetting, name).Scan(&value)
		if errors.Is(err, sql.ErrNoRows) {
			return durable.ErrNotFound
		}
		return err
	})
	return value, err
}

// PutSetting implements [durable.Store].
func (s *Store) PutSetting(ctx context.Context, name string, value []byte) ([]byte, error) {
	if value == nil {
		value = []byte{} // SQLite would store nil as NULL.
	}
	var stored []byte
	err := s.write(ctx, func(w *session) error {
		if _, err := w.exec(insertSetting, name, value); err != nil {
			return err
		}
		stored = nil
		return w.queryRow(selectSetting, name).Scan(&stored)
	})
	return stored, err
}
