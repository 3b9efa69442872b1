package seal

import "errors"

var (
	// ErrOpen says that sealed data cannot be opened: it was altered, cut off,
	// belongs to another record, or was sealed with a key that the keyset does
	// not have or has disabled. The text of the error says which of these, as far
	// as it can be told; it never contains data or keys.
	ErrOpen = errors.New("seal: cannot open sealed data")

	// ErrKeyset says that a keyset cannot be used: it is empty, corrupt, has no
	// enabled primary key or keys of the wrong kind.
	ErrKeyset = errors.New("seal: unusable keyset")

	// ErrPermissions says that a keyset file is open to other users.
	ErrPermissions = errors.New("seal: keyset file is open to other users")

	// ErrWrongKeyset says that a keyset is not the one that sealed a canary.
	ErrWrongKeyset = errors.New("seal: wrong keyset")

	// ErrNoFile says that a keyring was not loaded from a file, so that it cannot
	// be loaded again.
	ErrNoFile = errors.New("seal: the keyring does not come from a file")

	// ErrUnknownKey says that a keyset has no key with the given id.
	ErrUnknownKey = errors.New("seal: no such key")

	// ErrKeyStatus says that a change is refused because of what the key is now:
	// the primary key can be neither disabled nor deleted, a disabled key cannot
	// become the primary key, an enabled one cannot be deleted.
	ErrKeyStatus = errors.New("seal: refused to change the key")
)
