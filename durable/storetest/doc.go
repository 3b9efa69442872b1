// Package storetest tests the contract of [durable.Store] and [admin.Store]: a store
// that passes [Run] works with the engine. The test of a store is short:
//
//	func TestStore(t *testing.T) {
//		t.Parallel()
//		storetest.Run(t, func(t *testing.T) *storetest.Database { ... })
//	}
//
// The package owns the tests of what every store must do. It does not test what one
// store promises beyond that, such as its locks, its files, or how it survives a
// crash of its server: the tests of that store do.
//
// The cases decide what the documentation of [durable.Store] leaves open:
//
//   - Ids are any valid UTF-8 without NUL bytes. Lists order them as bytes.
//   - An operation with an expired lease counts as leased until another worker
//     claims it: a cancellation makes it OperationCancelling, and its worker can still
//     advance it.
//   - An operation on an instance waits for a cancelling one on any of its
//     bindings, and vice versa. Operations on two bindings do not wait for each
//     other.
//   - Claim, Renew, and an Advance that only reports, saves or releases keep the
//     revision. An Advance that ends the operation, writes a record or begins the
//     next operation increases it by one.
//   - If one part of a change fails, such as an Acceptance whose Cancel names no
//     active operation, the change returns ErrConflict and changes nothing.
package storetest
