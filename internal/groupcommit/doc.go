// Package groupcommit lets many callers share a commit. Each caller hands in one
// change and waits for its result. A writer takes up all waiting changes, commits
// them as one batch, and answers their callers. New changes queue during the
// commit: the slower the disk, the larger the batches. With several writers, one waits
// shortly for the commit of another unless that has a full batch, because the database
// does less work for a few large batches than for many small ones.
//
// The package owns the queue, the size of batches, and the abandoning of changes: a
// caller may abandon its change until a writer has taken it up. The store owns how a
// batch is committed, and what happens to a change that fails.
package groupcommit
