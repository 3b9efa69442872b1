-- +goose Up

-- When the platform first read how the operation ended, or 0.
ALTER TABLE operations ADD COLUMN delivered_at INTEGER NOT NULL DEFAULT 0;
