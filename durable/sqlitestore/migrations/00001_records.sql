-- +goose Up

-- Times are microseconds since 1970 UTC; 0 means none.

CREATE TABLE instances (
    platform    TEXT    NOT NULL,
    instance_id TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    service_id  TEXT    NOT NULL,
    plan_id     TEXT    NOT NULL,
    data        BLOB,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (platform, instance_id)
);

CREATE INDEX instances_deleted ON instances (updated_at) WHERE status = 'deleted';

CREATE TABLE bindings (
    platform    TEXT    NOT NULL,
    instance_id TEXT    NOT NULL,
    binding_id  TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    service_id  TEXT    NOT NULL,
    plan_id     TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL,
    data        BLOB,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (platform, instance_id, binding_id),
    FOREIGN KEY (platform, instance_id) REFERENCES instances (platform, instance_id)
);

CREATE INDEX bindings_deleted ON bindings (updated_at) WHERE status = 'deleted';
CREATE INDEX bindings_expiry ON bindings (expires_at) WHERE status = 'ready' AND expires_at <> 0;

CREATE TABLE operations (
    -- The order in which operations were accepted.
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    platform    TEXT    NOT NULL,
    instance_id TEXT    NOT NULL,
    -- Empty for an operation on the instance itself.
    binding_id  TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    internal    INTEGER NOT NULL,
    -- 1 for the newest operation of its key that is not internal: it stays as long
    -- as its record.
    last        INTEGER NOT NULL,
    -- What the operation occupies while it is open, see operations_open.
    slot        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    owner       TEXT    NOT NULL,
    lease_until INTEGER NOT NULL,
    not_before  INTEGER NOT NULL,
    deadline    INTEGER NOT NULL,
    description TEXT    NOT NULL,
    failure     BLOB,
    data        BLOB,
    checkpoint  BLOB,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    FOREIGN KEY (platform, instance_id) REFERENCES instances (platform, instance_id)
);

-- The backstop behind the revision: one active operation per slot. The slot is ''
-- for the whole instance, 'b' and the id of the binding for operations that may run
-- in parallel, and 'c' and the id of the operation once it is cancelling, because
-- the deletion that waits for it is active at the same time.
CREATE UNIQUE INDEX operations_open ON operations (platform, instance_id, slot) WHERE finished_at = 0;
-- The queue: open operations, oldest first.
CREATE INDEX operations_queue ON operations (finished_at) WHERE finished_at = 0;
-- The history of a record; also for the foreign key.
CREATE INDEX operations_key ON operations (platform, instance_id, binding_id);
-- Records that can be pruned.
CREATE INDEX operations_ended ON operations (finished_at) WHERE finished_at <> 0 AND last = 0;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- One row. Writing it shows whether the database is writable.
CREATE TABLE pings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
);

INSERT INTO pings (id, at) VALUES (1, 0);
