// Package groupcommit lets many callers share a commit. Each caller hands in one
// change and waits for its result. A writer takes up all waiting changes, commits
// them as one batch, and answers their callers. Meanwhile the next changes queue:
// the slower the disk, the larger the batches.
//
// The package owns the queue, the size of batches, and the decision whether a change
// is made: its caller may abandon it until a writer has taken it up. The store owns
// how a batch is committed, and what happens to a change that fails.
package groupcommit
