// Package seal encrypts what a broker must keep but nobody may read in its
// database: parameters, credentials and the state of providers.
//
// A [Keyring] seals and opens. It holds a keyset: one primary key, which seals,
// and any number of older keys, which still open. Sealed data is bound to the
// record it belongs to by associated data ([AssociatedData]), so that it cannot
// be moved to another record or column.
//
// A keyset is a Tink keyset in JSON, in clear text, protected by the
// permissions of its file ([Load], [Create]) or by whoever hands it over in
// memory ([Parse]). Keys can be changed while the broker runs ([AddKey],
// [PromoteKey], [DisableKey], [DeleteKey]); a running process takes them over
// with [Keyring.Reload] or [Keyring.Watch]. A canary ([Keyring.Canary]), kept
// beside the sealed data, tells at start whether the keyset belongs to it.
//
// # Keys
//
// New keys are XAES-256-GCM (C2SP): AES-256-GCM with a 192-bit random nonce.
// AES-256-GCM itself has a 96-bit nonce, which allows 2³² messages per key, a
// number that several replicas would have to count together; here there is
// nothing to count. AES-256-GCM-SIV has no such limit either, but has no hardware
// acceleration in Go and costs four times as much. Keysets with other AEAD keys
// of Tink are read as they are, provided that the keys have the TINK output
// prefix, which names the key in everything it sealed.
//
// # What sealing does not do
//
// It does not hide how long data is, and whoever can write to the database can
// put an older value of the same record back.
//
// # What this package does not own
//
// It does not know what a record is, does not decide what is sealed, and does
// not seal records again after a rotation: [Keyring.NeedsReseal] tells the
// owner of the records which ones. It has no key management service.
package seal
