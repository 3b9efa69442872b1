package seal

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keys is an immutable keyset, ready for use.
type keys struct {
	handle  *keyset.Handle
	aead    tink.AEAD
	list    []Key
	primary uint32
	digest  [sha256.Size]byte // of the JSON, to detect changes
}

// GenerateKeyset returns a new keyset with one key, in JSON, for a secret store or an
// environment variable. The keyset is a secret. To create a file, use [Create].
func GenerateKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: generate a keyset: %w", err)
	}
	return encode(handle)
}

// encode returns a keyset in JSON. It checks that the keyset is usable.
func encode(handle *keyset.Handle) ([]byte, error) {
	var buffer bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&buffer)); err != nil {
		return nil, fmt.Errorf("seal: encode a keyset: %w", err)
	}
	buffer.WriteByte('\n')
	if _, err := decode(buffer.Bytes()); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// decode parses a keyset in JSON. It returns ErrKeyset, without the errors of the
// JSON decoder, which quote the input.
func decode(data []byte) (*keys, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fmt.Errorf("%w: it is empty: restore it from its backup", ErrKeyset)
	}
	set, err := keyset.NewJSONReader(bytes.NewReader(data)).Read()
	if err != nil {
		return nil, fmt.Errorf("%w: it is not a Tink keyset in JSON, or it is truncated or corrupt: restore it from its backup", ErrKeyset)
	}
	if err := keyset.Validate(set); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyset, err)
	}
	for _, key := range set.GetKey() {
		if key.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK {
			return nil, fmt.Errorf("%w: key %d has the output prefix %s: create keys with the prefix TINK",
				ErrKeyset, key.GetKeyId(), key.GetOutputPrefixType())
		}
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: one of its keys is corrupt or of an unknown type", ErrKeyset)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("%w: one of its enabled keys is not for authenticated encryption (AEAD): use a keyset of AEAD keys", ErrKeyset)
	}
	list, err := describe(handle)
	if err != nil {
		return nil, err
	}
	return &keys{
		handle:  handle,
		aead:    primitive,
		list:    slices.Clip(list),
		primary: set.GetPrimaryKeyId(),
		digest:  sha256.Sum256(data),
	}, nil
}
