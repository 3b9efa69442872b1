package sqlitestore

import (
	"context"

	"github.com/openbroker/openbroker/durable/admin"
)

const (
	resealInstance   = `UPDATE instances SET data = ?1 WHERE platform = ?3 AND instance_id = ?4 AND data = ?2`
	resealBinding    = `UPDATE bindings SET data = ?1 WHERE platform = ?3 AND instance_id = ?4 AND binding_id = ?5 AND data = ?2`
	resealOperation  = `UPDATE operations SET data = ?1 WHERE id = ?3 AND data = ?2`
	resealCheckpoint = `UPDATE operations SET checkpoint = ?1 WHERE id = ?3 AND checkpoint = ?2`
	resealSetting    = `UPDATE settings SET value = ?1 WHERE name = ?3 AND value = ?2`
	deleteSetting    = `DELETE FROM settings WHERE name = ?2 AND value = ?1`
)

// Reseal implements [admin.Store].
func (s *Store) Reseal(ctx context.Context, values []admin.SealedValue) (int, error) {
	changed := 0
	err := s.write(ctx, func(w *session) error {
		changed = 0 // A failed batch repeats the change.
		for i := range values {
			n, err := resealValue(w, &values[i])
			if err != nil {
				return err
			}
			changed += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return changed, nil
}

func resealValue(w *session, v *admin.SealedValue) (int64, error) {
	key := v.Key
	switch {
	case v.Setting != "" && v.New == nil:
		return w.exec(deleteSetting, v.Old, v.Setting)
	case v.Setting != "":
		return w.exec(resealSetting, v.New, v.Old, v.Setting)
	case v.Checkpoint:
		return w.exec(resealCheckpoint, v.New, v.Old, v.OperationID)
	case v.OperationID != "":
		return w.exec(resealOperation, v.New, v.Old, v.OperationID)
	case key.BindingID != "":
		return w.exec(resealBinding, v.New, v.Old, key.Platform, key.InstanceID, key.BindingID)
	default:
		return w.exec(resealInstance, v.New, v.Old, key.Platform, key.InstanceID)
	}
}
