-- +goose Up

-- The audit trail. The entry of an operation is kept with the operation, as long as that
-- is kept, and moves to audit_entries then.
ALTER TABLE operations
    -- The act, as JSON. The chain covers these bytes.
    ADD COLUMN audit bytea,
    -- The names of the act, as JSON, or null if they were erased.
    ADD COLUMN audit_names text,
    -- The batch in the chain.
    ADD COLUMN audit_chain text COLLATE "C",
    ADD COLUMN audit_seq bigint;

-- The columns besides document and names repeat parts of the document, for filters.
CREATE TABLE audit_entries (
    id           text   COLLATE "C" PRIMARY KEY,
    action       text   NOT NULL,
    outcome      text   NOT NULL,
    platform     text   COLLATE "C" NOT NULL,
    instance_id  text   COLLATE "C" NOT NULL,
    binding_id   text   COLLATE "C" NOT NULL,
    operation_id text   COLLATE "C" NOT NULL,
    begun_id     text   COLLATE "C" NOT NULL,
    document     bytea  NOT NULL,
    names        text,
    chain        text   COLLATE "C" NOT NULL,
    seq          bigint NOT NULL
);

CREATE INDEX audit_entries_instance ON audit_entries (instance_id, id) WHERE instance_id <> '';
CREATE INDEX audit_entries_binding ON audit_entries (binding_id, id) WHERE binding_id <> '';

-- One row for each transaction that wrote entries.
CREATE TABLE audit_batches (
    chain   text        COLLATE "C" NOT NULL,
    seq     bigint      NOT NULL,
    at      timestamptz NOT NULL,
    entries integer     NOT NULL,
    hash    bytea       NOT NULL,
    PRIMARY KEY (chain, seq)
);

-- Earlier entries belong to no chain, and their ids are less than those of later ones.
INSERT INTO audit_entries (id, action, outcome, platform, instance_id, binding_id, operation_id, begun_id, document, names, chain, seq)
SELECT '0' || lpad(id::text, 25, '0'), action, 'done', platform, instance_id, binding_id, operation_id, begun_id,
    convert_to(json_build_object('id', '0' || lpad(id::text, 25, '0'), 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'action', action, 'outcome', 'done', 'reason', reason, 'platform', platform, 'instance_id', instance_id, 'binding_id', binding_id,
        'operation', operation_id, 'begun_operation', begun_id, 'status_before', status_before, 'status_after', status_after,
        'state_before', state_before, 'state_after', state_after)::text, 'UTF8'),
    json_build_object('actor', actor)::text, '', 0
FROM audit;

DROP TABLE audit;
