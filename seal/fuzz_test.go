package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/mac"

	"github.com/openbroker/openbroker/seal"
)

func FuzzOpen(f *testing.F) {
	k := newKeyring(f)
	associated := seal.AssociatedData("binding", "b1")
	sealed := mustSeal(f, k, []byte("data"), associated)
	f.Add(sealed, associated)
	f.Add(sealed[:10], associated)
	f.Add([]byte{}, []byte{})
	f.Add(append(bytes.Clone(sealed), 0), associated)
	f.Fuzz(func(t *testing.T, data, with []byte) {
		same := bytes.Equal(data, sealed) && bytes.Equal(with, associated)
		opened, err := k.Open(data, with)
		if same != (err == nil) || !same && (!errors.Is(err, seal.ErrOpen) || opened != nil) {
			t.Errorf("opened %q, %v", opened, err)
		}
		if err := k.VerifyCanary(data); !errors.Is(err, seal.ErrWrongKeyset) {
			t.Errorf("a canary: %v", err)
		}
		k.NeedsReseal(data)
	})
}

func FuzzParse(f *testing.F) {
	generated, err := seal.GenerateKeyset()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(generated)
	f.Add(generated[:len(generated)/2])
	f.Add(tinkKeyset(f, aead.AES256GCMKeyTemplate(), aead.XChaCha20Poly1305KeyTemplate()))
	f.Add(tinkKeyset(f, mac.HMACSHA256Tag256KeyTemplate()))
	f.Add([]byte("{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := seal.Parse(data)
		if err != nil {
			if !errors.Is(err, seal.ErrKeyset) || k != nil {
				t.Errorf("got %v, error %v", k, err)
			}
			return
		}
		// An accepted keyset works.
		sealed, err := k.Seal([]byte("data"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := seal.KeyID(sealed); !ok || id != primary(t, k) || k.NeedsReseal(sealed) {
			t.Errorf("sealed with key %d, %v instead of %d", id, ok, primary(t, k))
		}
		if opened, err := k.Open(sealed, nil); err != nil || string(opened) != "data" {
			t.Errorf("opened %q, %v", opened, err)
		}
	})
}

func FuzzAssociatedData(f *testing.F) {
	f.Add("a", "bc", "ab", "c")
	f.Add("", "a", "a", "")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		same := a == c && b == d
		if got := bytes.Equal(seal.AssociatedData(a, b), seal.AssociatedData(c, d)); got != same {
			t.Errorf("(%q, %q) and (%q, %q): %v", a, b, c, d, got)
		}
		if bytes.Equal(seal.AssociatedData(a, b), seal.AssociatedData(c)) {
			t.Errorf("(%q, %q) and (%q)", a, b, c)
		}
	})
}
