// Package groupcommit lets many callers share a commit. Each caller hands in one
// change and waits for its result. A writer takes up all changes that wait, commits
// them as one batch, and answers their callers. Meanwhile the next changes queue:
// the slower the disk, the larger the batches.
//
// The package owns the queue, the size of a batch, and who decides about a change:
// its caller may abandon it until a writer has taken it up. How a batch is committed,
// and what happens to a change that fails, is up to the store.
package groupcommit
