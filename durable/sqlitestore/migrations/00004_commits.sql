-- +goose Up

-- One row: the id of the database, the number of its commits, and whether the last
-- process closed it. The lock file has the same values, so that a start detects when
-- one of the two is older.
CREATE TABLE commits (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    store  TEXT    NOT NULL,
    number INTEGER NOT NULL,
    closed INTEGER NOT NULL
);

INSERT INTO commits (id, store, number, closed) VALUES (1, lower(hex(randomblob(16))), 0, 1);
