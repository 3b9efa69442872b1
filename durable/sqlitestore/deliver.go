package sqlitestore

import "context"

const deliver = `UPDATE operations SET delivered_at = ? WHERE id = ? AND finished_at <> 0 AND delivered_at = 0`

// MarkDelivered implements [durable.Store].
func (s *Store) MarkDelivered(ctx context.Context, id string) error {
	return s.write(ctx, func(w *session) error {
		_, err := w.exec(deliver, s.micros(), id)
		return err
	})
}
