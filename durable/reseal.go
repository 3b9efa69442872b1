package durable

import "fmt"

// A Resealer is a [Sealer] with several keys, one of which seals. *seal.Keyring
// implements it. With a Resealer, an engine seals the records that it writes again with
// the current key.
type Resealer interface {
	Sealer
	// NeedsReseal reports whether a value was sealed with a key other than the
	// current one.
	NeedsReseal(sealed []byte) bool
	// Reseal opens a value and seals it with the current key.
	Reseal(sealed, associated []byte) ([]byte, error)
}

// A SealedPlace is where a store keeps a sealed value: in the setting that Setting
// names; in the operation OperationID, or its checkpoint if Checkpoint is set; or in
// the instance or binding of Key.
type SealedPlace struct {
	Setting     string
	Key         Key
	OperationID string
	Checkpoint  bool
}

// AssociatedData returns the associated data of the value. It differs for each
// place, so that a value does not open in another place.
func (p SealedPlace) AssociatedData() []byte { return associated(p.kind(), p.Key, p.OperationID) }

// String describes the place for error messages.
func (p SealedPlace) String() string {
	return fmt.Sprintf("%s %s", p.kind(), describeKey(p.Key, p.OperationID))
}

func (p SealedPlace) kind() string {
	switch {
	case p.Setting != "":
		return CanarySetting
	case p.Checkpoint:
		return ofCheckpoint
	case p.OperationID != "":
		return ofOperation
	case p.Key.BindingID != "":
		return ofBinding
	default:
		return ofInstance
	}
}

// refresh seals the data of records with the current key, because a reseal may have
// come after they were read. Data that cannot be opened stay as they are.
func (r *rules) refresh(instance *InstanceRecord, binding *BindingRecord) {
	if instance != nil {
		instance.Data = r.refreshed(instance.Data, SealedPlace{Key: instance.Key.Instance()})
	}
	if binding != nil {
		binding.Data = r.refreshed(binding.Data, SealedPlace{Key: binding.Key})
	}
}

func (r *rules) refreshed(sealed []byte, place SealedPlace) []byte {
	keys, ok := r.config.Sealer.(Resealer)
	if !ok || len(sealed) == 0 || !keys.NeedsReseal(sealed) {
		return sealed
	}
	fresh, err := keys.Reseal(sealed, place.AssociatedData())
	if err != nil {
		return sealed
	}
	return fresh
}
