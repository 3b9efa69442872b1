-- +goose Up

-- The audit trail of operators. Entries are never deleted.
CREATE TABLE audit (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    actor         TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    platform      TEXT    NOT NULL,
    instance_id   TEXT    NOT NULL,
    binding_id    TEXT    NOT NULL,
    operation_id  TEXT    NOT NULL,
    begun_id      TEXT    NOT NULL,
    status_before TEXT    NOT NULL,
    status_after  TEXT    NOT NULL,
    state_before  TEXT    NOT NULL,
    state_after   TEXT    NOT NULL
);
