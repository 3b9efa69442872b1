package seal

import "fmt"

// A canary's content says nothing; that it opens says everything.
const canary = "openbroker canary 1"

var canaryData = AssociatedData("openbroker", "canary")

// Canary seals a constant. Whoever keeps sealed data keeps one canary with it,
// made when there is no sealed data yet, and gives it to [Keyring.VerifyCanary]
// before anything else is opened or sealed. After a rotation, when
// [Keyring.NeedsReseal] says so, a new canary replaces it.
func (k *Keyring) Canary() ([]byte, error) {
	return k.Seal([]byte(canary), canaryData)
}

// VerifyCanary tells whether the keyring has the key that sealed a canary; any
// enabled key will do. The error is [ErrWrongKeyset].
func (k *Keyring) VerifyCanary(sealed []byte) error {
	current := k.current.Load()
	content, err := current.open(sealed, canaryData)
	if err == nil && string(content) == canary {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%w: what was given is not a canary", ErrWrongKeyset)
	}
	if id, ok := KeyID(sealed); ok {
		if _, found := find(current.list, id); !found {
			return fmt.Errorf("%w: the data was sealed with key %d, and the keyset has other keys (primary %d): use the keyset of this data",
				ErrWrongKeyset, id, current.primary)
		}
	}
	return fmt.Errorf("%w: the canary cannot be opened: %w", ErrWrongKeyset, err)
}
