// Package storetest is the contract of [durable.Store], as tests: a store that
// passes [Run] works with the engine. A store's own test is short:
//
//	func TestStore(t *testing.T) {
//		t.Parallel()
//		storetest.Run(t, func(t *testing.T) *storetest.Database { ... })
//	}
//
// The package owns what every store must do. What one store promises beyond
// that (its locks, its files, how it survives its server) is tested beside that
// store.
//
// Where the documentation of [durable.Store] leaves room, the cases decide:
//
//   - Ids are any valid UTF-8 without NUL bytes; lists order them as bytes.
//   - An operation whose lease has expired still is leased until somebody
//     claims it: cancelling it makes it Cancelling, and its worker can still
//     advance it.
//   - An operation on an instance waits for a Cancelling one on any of its
//     bindings and the reverse; operations on two bindings do not wait for each
//     other.
//   - Claim, Renew, and an Advance that only reports, saves or releases leave
//     the revision as it is. An Advance that ends the operation, writes a record
//     or begins the next operation increases it by one.
//   - A change of several parts that fails in a later one, such as an
//     Acceptance whose Cancel names no active operation, is ErrConflict and
//     changes nothing.
package storetest
