package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/openbroker/openbroker/seal"
)

// tinkKeyset returns a keyset as other tools create it.
func tinkKeyset(tb testing.TB, templates ...*tinkpb.KeyTemplate) []byte {
	tb.Helper()
	manager := keyset.NewManager()
	for _, template := range templates {
		id, err := manager.Add(template)
		if err != nil {
			tb.Fatal(err)
		}
		if err := manager.SetPrimary(id); err != nil {
			tb.Fatal(err)
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		tb.Fatal(err)
	}
	var buffer bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&buffer)); err != nil {
		tb.Fatal(err)
	}
	return buffer.Bytes()
}

// alter returns the keyset with its JSON changed.
func alter(tb testing.TB, data []byte, change func(set map[string]any, key map[string]any)) []byte {
	tb.Helper()
	var set map[string]any
	if err := json.Unmarshal(data, &set); err != nil {
		tb.Fatal(err)
	}
	change(set, set["key"].([]any)[0].(map[string]any))
	altered, err := json.Marshal(set)
	if err != nil {
		tb.Fatal(err)
	}
	return altered
}

func TestParse(t *testing.T) {
	t.Parallel()
	one := tinkKeyset(t, aead.AES256GCMKeyTemplate())
	k, err := seal.Parse(one)
	if err != nil {
		t.Fatal(err)
	}
	sealed := mustSeal(t, k, []byte("data"), nil)
	generated, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"as it was":         one,
		"with white space":  append([]byte("\n "), append(bytes.Clone(one), "\n\n"...)...),
		"with another key":  tinkKeyset(t, aead.AES256GCMSIVKeyTemplate(), aead.XChaCha20Poly1305KeyTemplate()),
		"made by Generate":  generated,
		"with AES-128-GCM":  tinkKeyset(t, aead.AES128GCMKeyTemplate()),
		"with XAES-256-GCM": tinkKeyset(t, aead.XAES256GCM160BitNonceKeyTemplate()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := seal.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(name, "white") && name != "as it was" {
				sealed := mustSeal(t, k, []byte("data"), nil)
				if k.NeedsReseal(sealed) {
					t.Error("what was just sealed names another key")
				}
				if opened, err := k.Open(mustSeal(t, k, nil, nil), nil); err != nil || opened == nil || len(opened) > 0 {
					t.Errorf("opened %#v, %v, want empty and not nil", opened, err)
				}
				return
			}
			if opened, err := k.Open(sealed, nil); err != nil || string(opened) != "data" {
				t.Errorf("opened %q, %v", opened, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := tinkKeyset(t, aead.AES256GCMKeyTemplate())
	var material string
	alter(t, good, func(_, key map[string]any) { material = key["keyData"].(map[string]any)["value"].(string) })
	tests := map[string]struct {
		data []byte
		says string
	}{
		"nil":               {nil, "empty"},
		"white space":       {[]byte(" \n"), "empty"},
		"not JSON":          {[]byte(material), "not a Tink keyset"},
		"another object":    {[]byte(`{"password":"` + material + `"}`), "not a Tink keyset"},
		"no keys":           {[]byte(`{}`), "empty keyset"},
		"something after":   {append(bytes.Clone(good), good...), "not a Tink keyset"},
		"another primitive": {tinkKeyset(t, mac.HMACSHA256Tag256KeyTemplate()), "AEAD"},
		"one of another primitive": {
			tinkKeyset(t, mac.HMACSHA256Tag256KeyTemplate(), aead.AES256GCMKeyTemplate()), "AEAD",
		},
		"no prefix": {tinkKeyset(t, aead.AES256GCMNoPrefixKeyTemplate()), "prefix TINK"},
		"no primary": {alter(t, good, func(set, _ map[string]any) {
			set["primaryKeyId"] = 1
		}), "primary"},
		"disabled primary": {alter(t, good, func(_, key map[string]any) { key["status"] = "DISABLED" }), "primary"},
		"destroyed":        {alter(t, good, func(_, key map[string]any) { key["status"] = "DESTROYED" }), "primary"},
		"no key data":      {alter(t, good, func(_, key map[string]any) { delete(key, "keyData") }), "key data"},
		"same key twice": {alter(t, good, func(set, key map[string]any) {
			set["key"] = []any{key, key}
		}), "duplicate"},
		"short key": {alter(t, good, func(_, key map[string]any) {
			key["keyData"].(map[string]any)["value"] = material[:8]
		}), "corrupt"},
		"unknown type": {alter(t, good, func(_, key map[string]any) {
			key["keyData"].(map[string]any)["typeUrl"] = "type.googleapis.com/google.crypto.tink.NoSuchKey"
		}), ""},
		"bad base64": {alter(t, good, func(_, key map[string]any) {
			key["keyData"].(map[string]any)["value"] = material + "!"
		}), "not a Tink keyset"},
	}
	for i := range good {
		tests[fmt.Sprintf("truncated after %d bytes", i)] = struct {
			data []byte
			says string
		}{good[:i], ""}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := seal.Parse(test.data)
			if !errors.Is(err, seal.ErrKeyset) || k != nil {
				t.Fatalf("got %v, error %v", k, err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
			if strings.Contains(err.Error(), material[:8]) {
				t.Errorf("%q quotes the key", err)
			}
		})
	}
}
