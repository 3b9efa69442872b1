package seal

import "errors"

var (
	// ErrOpen means that sealed data cannot be opened: it was altered or
	// truncated, belongs to another record, or was sealed with a key that the
	// keyset lacks or has disabled. The text of the error narrows the reason down
	// as far as possible. It never contains data or keys.
	ErrOpen = errors.New("seal: cannot open sealed data")

	// ErrKeyset means that a keyset is unusable: it is empty or corrupt, has no
	// enabled primary key, or has keys of the wrong type.
	ErrKeyset = errors.New("seal: unusable keyset")

	// ErrPermissions means that other users have access to a keyset file.
	ErrPermissions = errors.New("seal: other users have access to the keyset file")

	// ErrWrongKeyset means that a keyset cannot open the canary.
	ErrWrongKeyset = errors.New("seal: wrong keyset")

	// ErrNoFile means that a keyring was not loaded from a file and therefore
	// cannot be reloaded.
	ErrNoFile = errors.New("seal: the keyring does not come from a file")

	// ErrUnknownKey means that a keyset has no key with the given id.
	ErrUnknownKey = errors.New("seal: no such key")

	// ErrKeyStatus means that the status of a key forbids a change: the primary
	// key cannot be disabled or deleted, a disabled key cannot become the primary
	// key, and an enabled key cannot be deleted.
	ErrKeyStatus = errors.New("seal: refused to change the key")
)
