package pgstore

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker/durable/admin"
)

// Reseal implements [admin.Store]. It writes each value in a separate transaction,
// so that none waits for a row while it locks another.
func (s *Store) Reseal(ctx context.Context, values []admin.SealedValue) (int, error) {
	changed := 0
	for i := range values {
		n, err := s.resealValue(ctx, &values[i])
		if err != nil {
			return changed, fmt.Errorf("pgstore: reseal: %w", err)
		}
		changed += int(n)
	}
	return changed, nil
}

func (s *Store) resealValue(ctx context.Context, v *admin.SealedValue) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	key := v.Key
	var query string
	args := []any{v.New, v.Old}
	switch {
	case v.Setting != "" && v.New == nil:
		query, args = `DELETE FROM settings WHERE name = $1 AND value = $2`, []any{v.Setting, v.Old}
	case v.Setting != "":
		query, args = `UPDATE settings SET value = $1 WHERE name = $3 AND value = $2`, append(args, v.Setting)
	case v.Checkpoint:
		query, args = `UPDATE operations SET checkpoint = $1 WHERE id = $3 AND checkpoint = $2`, append(args, v.OperationID)
	case v.OperationID != "":
		query, args = `UPDATE operations SET data = $1 WHERE id = $3 AND data = $2`, append(args, v.OperationID)
	case key.BindingID != "":
		query, args = `UPDATE bindings SET data = $1 WHERE platform = $3 AND instance_id = $4 AND binding_id = $5 AND data = $2`, append(args, key.Platform, key.InstanceID, key.BindingID)
	default:
		query, args = `UPDATE instances SET data = $1 WHERE platform = $3 AND instance_id = $4 AND data = $2`, append(args, key.Platform, key.InstanceID)
	}
	tag, err := s.alone(ctx, query, args...)
	return tag.RowsAffected(), err
}
