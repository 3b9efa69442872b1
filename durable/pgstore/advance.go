package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

// Advance implements [durable.Store].
func (s *Store) Advance(ctx context.Context, a *durable.Advance) error {
	if err := checkKeys(a.Key); err != nil {
		return err
	}
	c := newChange(a.Key, a.Fence.OperationID, advanceStatement(a))
	c.revises = revises(a)
	c.hint = ends(a) || a.Release || a.Next != nil
	passed, err := s.change(ctx, c)
	a.Revision = c.revision
	if err == nil && !passed {
		err = s.whyFenced(ctx, a)
	}
	if err != nil {
		return fmt.Errorf("pgstore: advance: %w", err)
	}
	return nil
}

func ends(a *durable.Advance) bool { return a.State != "" && a.State != durable.OperationActive }

// revises reports whether the advance changes a record on which the engine bases
// decisions.
func revises(a *durable.Advance) bool {
	return ends(a) || a.Instance != nil || a.Binding != nil || a.Next != nil
}

// advanceStatement returns the statement of an advance. Its guard is the fence. If
// the revision of the instance grows, the statement locks the instance first, as an
// acceptance does.
func advanceStatement(a *durable.Advance) *statement {
	s := &statement{}
	lock := ""
	if revises(a) {
		s.add("locked", `SELECT FROM instances i WHERE `+s.instanceIs("i", a.Key)+` FOR NO KEY UPDATE`)
		lock = ` AND EXISTS (SELECT FROM locked)`
	}
	states := `o.state = 'active'`
	if a.Cancelled {
		states = `o.state IN ('active', 'cancelling')`
	}
	// This comparison with the key makes PostgreSQL look up the operation by its
	// id, not among the operations of its record.
	s.add("guard", `UPDATE operations o SET `+strings.Join(s.operationValues(a), ", ")+`
		WHERE o.id = `+s.text(a.Fence.OperationID)+` AND o.generation = `+s.number(a.Fence.Generation)+` AND `+states+` AND o.lease_until IS NOT NULL
			AND (o.platform, o.instance_id, o.binding_id) IS NOT DISTINCT FROM (`+s.text(a.Key.Platform)+`, `+s.text(a.Key.InstanceID)+`, `+s.text(a.Key.BindingID)+`)`+lock+`
		RETURNING o.updated_at AS now`)
	if !revises(a) {
		return s
	}
	if a.Binding != nil {
		s.putBinding(a.Binding)
	}
	if a.Next != nil {
		s.begin(a.Next, "guard", a.Fence.OperationID)
	}
	values := "updated_at = guard.now"
	if a.Instance != nil {
		values = s.instanceValues(a.Instance, "guard.now")
	}
	s.add("instance", `UPDATE instances i SET revision = i.revision + 1, `+values+` FROM guard WHERE `+s.instanceIs("i", a.Key)+` RETURNING i.revision`)
	s.returns = true
	return s
}

// operationValues returns the assignments of an advance to its operation.
func (s *statement) operationValues(a *durable.Advance) []string {
	values := []string{"updated_at = clock_timestamp()"}
	if a.Description != nil {
		values = append(values, "description = "+s.text(storable(*a.Description)))
	}
	if a.Failure != nil {
		values = append(values, "failure = "+s.bytes(a.Failure))
	}
	if a.Checkpoint != nil && !ends(a) {
		values = append(values, "checkpoint = "+s.bytes(a.Checkpoint))
	}
	if a.Failed {
		values = append(values, "failures = o.failures + 1")
	}
	switch {
	case ends(a):
		values = append(values, "data = NULL", "checkpoint = NULL", "state = "+s.text(string(a.State)), "finished_at = clock_timestamp()", "owner = ''", "lease_until = NULL", "not_before = NULL")
		if a.Next != nil {
			values = append(values, "kept = "+s.keeps(a.Next))
		}
	case a.Release:
		values = append(values, "owner = ''", "lease_until = NULL", "not_before = "+s.after("clock_timestamp()", a.Delay))
	}
	return values
}

// storable returns the text without the characters that PostgreSQL cannot store.
// People read the text: its characters must not keep an operation from ending.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// whyFenced returns why an advance was refused.
func (s *Store) whyFenced(ctx context.Context, a *durable.Advance) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var state durable.OperationState
	err := s.pool.QueryRow(ctx, `SELECT state FROM operations WHERE id = $1 AND generation = $2 AND (platform, instance_id, binding_id) IS NOT DISTINCT FROM ($3, $4, $5)`,
		a.Fence.OperationID, a.Fence.Generation, a.Key.Platform, a.Key.InstanceID, a.Key.BindingID).Scan(&state)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("refused for an unknown reason: %w", err)
	}
	if state == durable.OperationCancelling && !a.Cancelled {
		return durable.ErrCancelling
	}
	return durable.ErrFenced
}
