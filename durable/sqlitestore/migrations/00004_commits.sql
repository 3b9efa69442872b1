-- +goose Up

-- One row: which database this is, how many changes it has, and whether the last
-- process closed it. The lock file has the same beside the database, so that a
-- start notices when one of the two is older than the other.
CREATE TABLE commits (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    store  TEXT    NOT NULL,
    number INTEGER NOT NULL,
    closed INTEGER NOT NULL
);

INSERT INTO commits (id, store, number, closed) VALUES (1, lower(hex(randomblob(16))), 0, 1);
