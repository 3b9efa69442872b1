// Package audit defines the entries of the audit trail: who did what, when, and how it
// ended. Stores keep them in hash chains, so that a changed or missing entry shows.
//
// An entry has two parts. The act is never changed, and the chain covers it. The names
// of people and accounts are beside it: the act has only a salted hash of them, so that
// they can be erased without breaking the chain.
//
// Stores write the entries of one transaction as a batch. Each batch has the next
// sequence number of its chain, and a hash over the hash of the batch before it and the
// entries. A chain has one writer: a process has one or more chains, which it begins
// with an entry that has the heads of the other chains.
//
// No entry has parameters, credentials, or texts that a provider returned.
package audit
