package pgstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

const (
	// insertBatch hashes the entries of the transaction as [audit.Head.Next] does. A change
	// that its guard refused has no entry.
	insertBatch = `INSERT INTO audit_batches (chain, seq, at, entries, hash)
		SELECT $1::text, $2::bigint, clock_timestamp(), count(*), sha256($3::bytea || string_agg(sha256(document), ''::bytea ORDER BY id))
		FROM (
			SELECT id, audit AS document FROM operations WHERE id = ANY($4::text[]) AND audit_chain = $1::text AND audit_seq = $2::bigint
			UNION ALL SELECT id, document FROM audit_entries WHERE id = ANY($4::text[]) AND chain = $1::text AND seq = $2::bigint
		) AS written HAVING count(*) > 0 RETURNING hash`

	// lastHeads are the heads of the newest chains. The recursion finds each chain with one
	// search in the index.
	lastHeads = `WITH RECURSIVE c (chain) AS (
			SELECT max(chain) FROM audit_batches
			UNION ALL SELECT (SELECT max(chain) FROM audit_batches WHERE chain < c.chain) FROM c WHERE c.chain IS NOT NULL
		), newest AS (SELECT chain FROM c WHERE chain IS NOT NULL LIMIT 100)
		SELECT b.chain, b.seq, b.hash FROM newest CROSS JOIN LATERAL (
			SELECT chain, seq, hash FROM audit_batches WHERE audit_batches.chain = newest.chain ORDER BY seq DESC LIMIT 1) AS b`
)

// The chains of the process: each transaction that writes entries has one for itself.
type chains struct {
	mu   sync.Mutex
	free []audit.Head
	// last are the last heads, by chain, also of those that a transaction has, and of those
	// that are not continued.
	last map[string]audit.Head
}

func (c *chains) take() (head audit.Head, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.free) == 0 {
		return audit.Head{}, false
	}
	head = c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	return head, true
}

func (c *chains) put(head audit.Head) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, head)
}

// advance puts a chain back after a batch.
func (c *chains) advance(head audit.Head) {
	c.put(head)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[string]audit.Head{}
	}
	c.last[head.Chain] = head
}

// heads returns the last heads.
func (c *chains) heads() []audit.Head {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.last))
}

// A link is the next batch of a chain.
type link struct {
	store *Store
	head  audit.Head
	// first, if not nil, is the entry that begins the chain.
	first   *audit.Record
	records []*audit.Record
}

// nextLink takes a chain for the records, and sets the number of their batch.
func (s *Store) nextLink(ctx context.Context, records []*audit.Record) (*link, error) {
	l := &link{store: s}
	var known bool
	if l.head, known = s.chains.take(); !known {
		heads, err := s.StoredHeads(ctx)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		l.head.Chain = audit.NewID(now)
		l.first, err = audit.NewRecord(audit.Act{ID: audit.NewID(now), At: now, Action: audit.ActionBeginChain, Outcome: audit.OutcomeDone, Heads: heads}, audit.Names{})
		if err != nil {
			return nil, err
		}
		l.add(l.first)
	}
	l.add(records...)
	return l, nil
}

func (l *link) add(records ...*audit.Record) {
	for _, r := range records {
		r.Chain, r.Seq = l.head.Chain, l.head.Seq+1
	}
	l.records = append(l.records, records...)
}

// queue adds the statement that ends the batch of the chain. The entries come before.
func (l *link) queue(b *pgx.Batch) {
	ids := make([]string, len(l.records))
	for i, r := range l.records {
		ids[i] = r.Act.ID
	}
	before := []byte(l.head.Hash)
	if before == nil {
		before = []byte{}
	}
	b.Queue(insertBatch, l.head.Chain, l.head.Seq+1, before, ids)
}

// scan reads the result of the statement of queue.
func (l *link) scan(row pgx.Row) (hash audit.Hash, err error) {
	err = row.Scan((*[]byte)(&hash))
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil // All changes were refused.
	}
	return hash, err
}

// end gives the chain back after the transaction, whose error is err. hash is nil if it
// wrote no entry. If the outcome is unknown, the chain is not continued: the head may be
// another one. The next chain begins with the heads that the store has.
func (l *link) end(hash audit.Hash, err error) {
	switch {
	case err == nil && hash != nil:
		l.store.chains.advance(audit.Head{Chain: l.head.Chain, Seq: l.head.Seq + 1, Hash: hash})
	case (err == nil || failsOneChange(err) || errors.Is(err, durable.ErrConflict)) && l.head.Seq > 0:
		l.store.chains.put(l.head)
	}
}

// AuditHeads returns the heads of the chains of this process, for a place outside the
// store.
func (s *Store) AuditHeads() []audit.Head { return s.chains.heads() }

// StoredHeads returns the heads of the newest chains of all processes.
func (s *Store) StoredHeads(ctx context.Context) ([]audit.Head, error) {
	return query(ctx, s, "heads of the audit trail", pgx.RowToStructByPos[audit.Head], lastHeads)
}

// AuditChains implements [admin.Store].
func (s *Store) AuditChains(ctx context.Context, each func(audit.Link) error) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, unlimited); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT coalesce(e.chain, b.chain) AS chain, coalesce(e.seq, b.seq) AS seq, b.at, b.entries, b.hash, e.id, e.document, e.names, e.columns
			FROM (
				SELECT id, audit AS document, audit_names AS names, coalesce(audit_chain, '') AS chain, coalesce(audit_seq, 0) AS seq,
					ARRAY[kind, platform, instance_id, binding_id] AS columns FROM operations WHERE audit IS NOT NULL
				UNION ALL SELECT id, document, names, chain, seq, ARRAY[action, platform, instance_id, binding_id] FROM audit_entries
			) AS e FULL JOIN audit_batches AS b ON b.chain = e.chain AND b.seq = e.seq ORDER BY 1, 2, e.id`)
		if err != nil {
			return err
		}
		return forEach(rows, func(row pgx.CollectableRow) error {
			l, err := scanLink(row)
			if err != nil {
				return err
			}
			return each(l)
		})
	})
	if err != nil {
		return fmt.Errorf("pgstore: audit chains: %w", err)
	}
	return nil
}

func scanLink(row pgx.CollectableRow) (audit.Link, error) {
	var l audit.Link
	var at *time.Time
	var entries *int
	var hash []byte
	var id, names *string
	var columns []string
	r := &audit.Record{}
	if err := row.Scan(&l.Chain, &l.Seq, &at, &entries, &hash, &id, &r.Document, &names, &columns); err != nil {
		return l, err
	}
	if len(columns) == 4 { //nolint:mnd // Those of the query.
		r.Act = audit.Act{Action: audit.Action(columns[0]), Platform: columns[1], InstanceID: columns[2], BindingID: columns[3]}
	}
	if at != nil && entries != nil {
		l.Batch = &audit.Batch{At: at.UTC(), Entries: *entries, Hash: hash}
	}
	if id != nil {
		r.Act.ID, l.Record = *id, r
	}
	if names != nil {
		r.Names = []byte(*names)
	}
	return l, nil
}

const (
	selectSealed = `SELECT b.chain, b.seq, b.hash FROM audit_batches AS b JOIN (
			SELECT o.chain, max(o.seq) AS seq FROM audit_batches AS o
			WHERE o.at < $1 AND EXISTS (SELECT FROM audit_batches AS l WHERE l.chain = o.chain AND l.seq > o.seq) GROUP BY o.chain
		) AS s ON s.chain = b.chain AND s.seq = b.seq`
	selectSeal = `SELECT document FROM audit_entries WHERE action = 'seal' ORDER BY id DESC LIMIT 1`
	// lockSeals lets one process seal at a time.
	lockSeals = `LOCK TABLE audit_batches IN SHARE UPDATE EXCLUSIVE MODE`
)

// PruneAudit implements [admin.Store].
func (s *Store) PruneAudit(ctx context.Context, before time.Time, seal func([]audit.Head, int) (*audit.Record, error)) (int, error) {
	l, err := s.nextLink(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("pgstore: prune the audit trail: %w", err)
	}
	var hash audit.Hash
	deleted := 0
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		for _, statement := range []string{unlimited, lockSeals} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, selectSealed, before)
		if err != nil {
			return err
		}
		heads, err := pgx.CollectRows(rows, pgx.RowToStructByPos[audit.Head])
		if err != nil || len(heads) == 0 {
			return err
		}
		var last []byte
		if err := tx.QueryRow(ctx, selectSeal).Scan(&last); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if deleted, err = deleteSealed(ctx, tx, heads); err != nil {
			return err
		}
		if heads, err = audit.MergeSeals(heads, last); err != nil {
			return err
		}
		record, err := seal(heads, deleted)
		if err != nil {
			return err
		}
		hash, err = l.write(ctx, tx, record)
		return err
	})
	l.end(hash, err)
	if err != nil {
		return 0, fmt.Errorf("pgstore: prune the audit trail: %w", err)
	}
	return deleted, nil
}

// deleteSealed deletes the batches up to each head, and returns the number of entries.
func deleteSealed(ctx context.Context, tx pgx.Tx, heads []audit.Head) (deleted int, err error) {
	for _, head := range heads {
		tag, err := tx.Exec(ctx, `DELETE FROM audit_entries WHERE chain = $1 AND seq <= $2`, head.Chain, head.Seq)
		if err != nil {
			return 0, err
		}
		deleted += int(tag.RowsAffected())
		if _, err := tx.Exec(ctx, `DELETE FROM audit_batches WHERE chain = $1 AND seq <= $2`, head.Chain, head.Seq); err != nil {
			return 0, err
		}
	}
	return deleted, nil
}
