-- +goose Up

-- The audit trail. The entry of an operation is kept with the operation, as long as that
-- is kept, and moves to audit_entries then: the act, as JSON, which the chain covers; the
-- names of the act, as JSON, or null if they were erased; and the batch in the chain.
ALTER TABLE operations ADD COLUMN audit BLOB;
ALTER TABLE operations ADD COLUMN audit_names TEXT;
ALTER TABLE operations ADD COLUMN audit_chain TEXT;
ALTER TABLE operations ADD COLUMN audit_seq INTEGER;

-- The columns besides document and names repeat parts of the document, for filters.
CREATE TABLE audit_entries (
    id           TEXT    PRIMARY KEY,
    action       TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    platform     TEXT    NOT NULL,
    instance_id  TEXT    NOT NULL,
    binding_id   TEXT    NOT NULL,
    operation_id TEXT    NOT NULL,
    begun_id     TEXT    NOT NULL,
    document     BLOB    NOT NULL,
    names        TEXT,
    chain        TEXT    NOT NULL,
    seq          INTEGER NOT NULL
);

CREATE INDEX audit_entries_instance ON audit_entries (instance_id, id) WHERE instance_id <> '';
CREATE INDEX audit_entries_binding ON audit_entries (binding_id, id) WHERE binding_id <> '';

-- One row for each transaction that wrote entries.
CREATE TABLE audit_batches (
    chain   TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    hash    BLOB    NOT NULL,
    PRIMARY KEY (chain, seq)
) WITHOUT ROWID;

-- Earlier entries belong to no chain, and their ids are less than those of later ones.
INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
SELECT printf('0%025d', id), action, 'done', platform, instance_id, binding_id, operation_id, begun_id,
    CAST(json_object('id', printf('0%025d', id), 'at', strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch') || printf('.%06dZ', at % 1000000),
        'action', action, 'outcome', 'done', 'reason', reason, 'platform', platform, 'instance_id', instance_id, 'binding_id', binding_id,
        'operation', operation_id, 'begun_operation', begun_id, 'status_before', status_before, 'status_after', status_after,
        'state_before', state_before, 'state_after', state_after) AS BLOB),
    json_object('actor', actor), '', 0
FROM audit;

DROP TABLE audit;
