package seal

import "fmt"

// canary is the plaintext of every canary. Only the fact that a keyset opens it
// is significant.
const canary = "openbroker canary 1"

var canaryData = AssociatedData("openbroker", "canary")

// Canary seals a constant. Store one canary with the sealed data, before the
// first value is sealed, and check it with [Keyring.VerifyCanary] before opening
// or sealing anything else. After a rotation, [Keyring.NeedsReseal] reports that
// a new canary must replace it.
func (k *Keyring) Canary() ([]byte, error) {
	return k.Seal([]byte(canary), canaryData)
}

// VerifyCanary returns nil if an enabled key of the keyring opens the canary, and
// [ErrWrongKeyset] otherwise.
func (k *Keyring) VerifyCanary(sealed []byte) error {
	current := k.current.Load()
	content, err := current.open(sealed, canaryData)
	if err == nil && string(content) == canary {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%w: the value opens, but it is not a canary", ErrWrongKeyset)
	}
	if id, ok := KeyID(sealed); ok {
		if _, found := find(current.list, id); !found {
			return fmt.Errorf("%w: the data was sealed with key %d, which the keyset lacks (its primary key is %d): use the keyset of this data",
				ErrWrongKeyset, id, current.primary)
		}
	}
	return fmt.Errorf("%w: the canary cannot be opened: %w", ErrWrongKeyset, err)
}
