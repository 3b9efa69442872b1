-- +goose Up

-- Names have no schema: the search_path of the session is the schema of the store.
-- Ids are compared and ordered as bytes, independently of the collation of the database.
-- Indexes contain only columns that rarely change, so that renewing a lease or
-- saving a checkpoint writes no index.

CREATE TABLE instances (
    platform    text        COLLATE "C" NOT NULL,
    instance_id text        COLLATE "C" NOT NULL,
    revision    bigint      NOT NULL,
    status      text        NOT NULL,
    service_id  text        NOT NULL,
    plan_id     text        NOT NULL,
    data        bytea,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    -- updated_at of a tombstone, else null.
    deleted_at  timestamptz,
    PRIMARY KEY (platform, instance_id)
) WITH (fillfactor = 80);

CREATE INDEX instances_deleted ON instances (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE bindings (
    platform    text        COLLATE "C" NOT NULL,
    instance_id text        COLLATE "C" NOT NULL,
    binding_id  text        COLLATE "C" NOT NULL,
    status      text        NOT NULL,
    service_id  text        NOT NULL,
    plan_id     text        NOT NULL,
    expires_at  timestamptz,
    data        bytea,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    PRIMARY KEY (platform, instance_id, binding_id)
) WITH (fillfactor = 80);

CREATE INDEX bindings_deleted ON bindings (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX bindings_expiry ON bindings (expires_at) WHERE status = 'ready' AND expires_at IS NOT NULL;

CREATE TABLE operations (
    -- The order in which operations were accepted.
    seq         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          text        COLLATE "C" NOT NULL UNIQUE,
    platform    text        COLLATE "C" NOT NULL,
    instance_id text        COLLATE "C" NOT NULL,
    -- Empty for an operation on the instance itself.
    binding_id  text        COLLATE "C" NOT NULL,
    kind        text        NOT NULL,
    internal    boolean     NOT NULL,
    -- Keep it as long as its record: it is the last operation, or the last one that
    -- is not internal.
    kept        boolean     NOT NULL,
    -- What the operation occupies while it is open, see operations_open.
    slot        text        COLLATE "C" NOT NULL,
    state       text        NOT NULL,
    generation  bigint      NOT NULL,
    attempt     integer     NOT NULL,
    failures    integer     NOT NULL,
    owner       text        NOT NULL,
    lease_until timestamptz,
    not_before  timestamptz,
    deadline    timestamptz,
    description text        NOT NULL,
    failure     bytea,
    data        bytea,
    checkpoint  bytea,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    -- Null while the operation is open.
    finished_at timestamptz
) WITH (fillfactor = 80);

-- The backstop behind the revision: one active operation per slot. The slot is empty
-- for the whole instance, 'b' and the id of the binding for operations that may run
-- in parallel, and 'c' and the id of the operation once it is cancelling, because
-- the deletion that waits for it is active at the same time.
CREATE UNIQUE INDEX operations_open ON operations (platform, instance_id, slot) WHERE finished_at IS NULL;
-- The queue: open operations, oldest first. Its condition is phrased unlike the one
-- above, so that only queries of the queue use this index: a query for an instance
-- would read all of it.
CREATE INDEX operations_queue ON operations (seq) WHERE state IN ('active', 'cancelling');
-- The history of a record.
CREATE INDEX operations_key ON operations (platform, instance_id, binding_id, seq);
-- Records that can be pruned.
CREATE INDEX operations_ended ON operations (finished_at) WHERE finished_at IS NOT NULL AND NOT kept;

CREATE TABLE settings (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

-- One row. Writing it shows whether the database is writable.
CREATE TABLE pings (
    id integer PRIMARY KEY CHECK (id = 1),
    at timestamptz NOT NULL
) WITH (fillfactor = 10);

INSERT INTO pings (id, at) VALUES (1, clock_timestamp());
