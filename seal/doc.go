// Package seal encrypts the secrets that a broker stores in its database:
// parameters, credentials and the state of providers.
//
// A [Keyring] seals (encrypts) and opens (decrypts). It holds a keyset: one
// primary key, which seals, and any number of older keys, which only open.
// Associated data ([AssociatedData]) binds a sealed value to its record, so that
// it cannot be moved to another record or column.
//
// A keyset is a Tink keyset in JSON, in clear text. The permissions of its file
// protect it ([Load], [Create]), or the caller does, who passes it in memory
// ([Parse]). Keys can change while the broker runs ([AddKey], [PromoteKey],
// [DisableKey], [DeleteKey]); a running process adopts them with
// [Keyring.Reload] or [Keyring.Watch]. A canary ([Keyring.Canary]), stored with
// the sealed data, shows at start whether the keyset belongs to the data.
//
// # Keys
//
// New keys are XAES-256-GCM (C2SP): AES-256-GCM with a random nonce of 192 bits.
// Plain AES-256-GCM has a nonce of 96 bits, which limits a key to 2³² messages;
// several replicas would have to count them together. XAES-256-GCM needs no
// count. AES-256-GCM-SIV needs none either, but has no hardware acceleration in
// Go and costs four times as much. Keysets with other AEAD keys of Tink work,
// too, if the keys have the output prefix TINK, which puts the id of the key into
// everything that it seals.
//
// # What sealing does not protect
//
// The length of the data stays visible. An attacker with write access to the
// database can restore an older value of the same record.
//
// # What this package does not own
//
// The package does not know records, and does not decide what is sealed. After a
// rotation, the owner of the records seals them again; [Keyring.NeedsReseal]
// selects them. The package does not use a key management service.
package seal
