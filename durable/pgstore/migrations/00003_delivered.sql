-- +goose Up

-- When the platform first read how the operation ended, or null.
ALTER TABLE operations ADD COLUMN delivered_at timestamptz;
