package pgstore

import (
	"context"
	"fmt"
)

const deliver = `UPDATE operations SET delivered_at = clock_timestamp() WHERE id = $1 AND finished_at IS NOT NULL AND delivered_at IS NULL`

// MarkDelivered implements [durable.Store].
func (s *Store) MarkDelivered(ctx context.Context, id string) error {
	if !validText(id) {
		return nil // No operation has such an id.
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if _, err := s.pool.Exec(ctx, deliver, id); err != nil {
		return fmt.Errorf("pgstore: deliver: %w", err)
	}
	return nil
}
