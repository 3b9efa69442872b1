-- +goose Up

-- The audit trail of operators. Entries are never deleted.
CREATE TABLE audit (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL,
    actor         text        NOT NULL,
    reason        text        NOT NULL,
    action        text        NOT NULL,
    platform      text        COLLATE "C" NOT NULL,
    instance_id   text        COLLATE "C" NOT NULL,
    binding_id    text        COLLATE "C" NOT NULL,
    operation_id  text        COLLATE "C" NOT NULL,
    begun_id      text        COLLATE "C" NOT NULL,
    status_before text        NOT NULL,
    status_after  text        NOT NULL,
    state_before  text        NOT NULL,
    state_after   text        NOT NULL
);
