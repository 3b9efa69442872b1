-- +goose Up

-- Operators list the records of a status, of a plan, with an id, and the failures.
-- Every list is a page in the order of an index.
CREATE INDEX instances_status ON instances (status, platform, instance_id);
CREATE INDEX instances_plan ON instances (service_id, plan_id, platform, instance_id);
CREATE INDEX bindings_id ON bindings (binding_id);
CREATE INDEX operations_failed ON operations (seq) WHERE state = 'failed';
