package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/seal"
)

func newKeyring(tb testing.TB) *seal.Keyring {
	tb.Helper()
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		tb.Fatal(err)
	}
	k, err := seal.Parse(keyset)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func mustSeal(tb testing.TB, k *seal.Keyring, plaintext, associated []byte) []byte {
	tb.Helper()
	sealed, err := k.Seal(plaintext, associated)
	if err != nil {
		tb.Fatal(err)
	}
	return sealed
}

func primary(tb testing.TB, k *seal.Keyring) uint32 {
	tb.Helper()
	for _, key := range k.Keys() {
		if key.Primary {
			return key.ID
		}
	}
	tb.Fatal("no primary key")
	return 0
}

func TestSealOpen(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	tests := map[string]struct{ plaintext, associated []byte }{
		"text":               {[]byte("s3cret"), seal.AssociatedData("binding", "default", "b1", "credentials")},
		"1 MiB":              {bytes.Repeat([]byte("0123456789abcdef"), 1<<16), []byte("a")},
		"no associated data": {[]byte("s3cret"), nil},
		"empty":              {[]byte{}, []byte("a")},
		"nil":                {nil, []byte("a")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed := mustSeal(t, k, test.plaintext, test.associated)
			if want := len(test.plaintext) + 45; len(sealed) != want {
				t.Errorf("%d bytes sealed, want %d", len(sealed), want)
			}
			if len(test.plaintext) > 0 && bytes.Contains(sealed, test.plaintext) {
				t.Error("the plaintext is in the sealed data")
			}
			if bytes.Equal(sealed, mustSeal(t, k, test.plaintext, test.associated)) {
				t.Error("sealing twice returns the same bytes")
			}
			opened, err := k.Open(sealed, test.associated)
			if err != nil {
				t.Fatal(err)
			}
			if opened == nil || !bytes.Equal(opened, test.plaintext) {
				t.Errorf("opened %q, want %q, and not nil", opened, test.plaintext)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-s3cret-s3cret"
	k := newKeyring(t)
	associated := seal.AssociatedData("binding", "default", "b1", "credentials")
	sealed := mustSeal(t, k, []byte(secret), associated)
	foreign := mustSeal(t, newKeyring(t), []byte(secret), associated)

	type attempt struct {
		sealed, associated []byte
		says               string
	}
	tests := map[string]attempt{
		"nil":                        {nil, associated, "truncated"},
		"empty":                      {[]byte{}, associated, "truncated"},
		"never sealed":               {[]byte(secret), associated, "never sealed"},
		"another keyset":             {foreign, associated, "not in the keyset"},
		"another id":                 {sealed, seal.AssociatedData("binding", "default", "b2", "credentials"), "another record"},
		"another column":             {sealed, seal.AssociatedData("binding", "default", "b1", "parameters"), "another record"},
		"parts split differently":    {sealed, seal.AssociatedData("binding", "defaultb", "1", "credentials"), "another record"},
		"no associated data":         {sealed, nil, "another record"},
		"longer":                     {append(bytes.Clone(sealed), 0), associated, "altered"},
		"twice":                      {append(bytes.Clone(sealed), sealed...), associated, "altered"},
		"the content of another key": {append(bytes.Clone(sealed[:5]), foreign[5:]...), associated, "altered"},
	}
	for i := range sealed {
		tests[fmt.Sprintf("truncated after %d bytes", i)] = attempt{sealed[:i], associated, "truncated"}
		altered := bytes.Clone(sealed)
		altered[i] ^= 1 << (i % 8)
		says := "altered"
		if i == 0 {
			says = "never sealed"
		} else if i < 5 {
			says = "not in the keyset"
		}
		tests[fmt.Sprintf("byte %d altered", i)] = attempt{altered, associated, says}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened, err := k.Open(test.sealed, test.associated)
			if !errors.Is(err, seal.ErrOpen) || opened != nil {
				t.Fatalf("opened %q, error %v", opened, err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%q contains the data", err)
			}
			if _, err := k.Reseal(test.sealed, test.associated); !errors.Is(err, seal.ErrOpen) {
				t.Errorf("resealed: %v", err)
			}
		})
	}
}

func TestAssociatedData(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	tuples := [][]string{
		{},
		{""},
		{"", ""},
		{"a"},
		{"a", ""},
		{"", "a"},
		{"ab"},
		{"a", "b"},
		{"b", "a"},
		{"\x01a"},
		{"a\x01b"},
		{long},
		{long, ""},
		{long + "y"},
		{long, "y"},
		{"instance", "cf", "1"},
		{"instance", "cf1", ""},
		{"instancecf", "1"},
	}
	seen := map[string][]string{}
	for _, parts := range tuples {
		data := string(seal.AssociatedData(parts...))
		if other, ok := seen[data]; ok {
			t.Errorf("%q and %q yield the same bytes", parts, other)
		}
		seen[data] = parts
	}
	// Later versions must open the data that is sealed today.
	if got, want := seal.AssociatedData("kind", "", "é"), []byte("\x04kind\x00\x02\xc3\xa9"); !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKeyID(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	sealed := mustSeal(t, k, nil, nil)
	if id, ok := seal.KeyID(sealed); !ok || id != primary(t, k) {
		t.Errorf("%d, %v, want %d", id, ok, primary(t, k))
	}
	if k.NeedsReseal(sealed) {
		t.Error("sealed with the primary key, but NeedsReseal is true")
	}
	for name, data := range map[string][]byte{"nil": nil, "short": sealed[:4], "another format": append([]byte{0}, sealed[1:]...)} {
		if id, ok := seal.KeyID(data); ok {
			t.Errorf("%s: has key %d", name, id)
		}
		if !k.NeedsReseal(data) {
			t.Errorf("%s: was never sealed, but NeedsReseal is false", name)
		}
	}
	if !k.NeedsReseal(mustSeal(t, newKeyring(t), nil, nil)) {
		t.Error("sealed with another key, but NeedsReseal is false")
	}
}

func TestKeyringIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	want := fmt.Sprintf("keyring of 1 keys, primary %d", primary(t, k))
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(format, k); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).LogAttrs(t.Context(), slog.LevelInfo, "test", slog.Any("keyring", k))
	if want := fmt.Sprintf("keyring.keys=1 keyring.primary=%d\n", primary(t, k)); !strings.HasSuffix(log.String(), want) {
		t.Errorf("%q does not end with %q", log.String(), want)
	}
}

func TestCanary(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	canary, err := k.Canary()
	if err != nil {
		t.Fatal(err)
	}
	other := newKeyring(t)
	// A record that replaced the canary, sealed with the right key.
	record := mustSeal(t, k, []byte("openbroker canary 1"), seal.AssociatedData("binding", "b1"))
	impostor := mustSeal(t, k, []byte("something else"), seal.AssociatedData("openbroker", "canary"))
	tests := map[string]struct {
		keyring *seal.Keyring
		canary  []byte
		says    string // empty: accepted
	}{
		"right":          {k, canary, ""},
		"another keyset": {other, canary, "use the keyset of this data"},
		"missing":        {k, nil, "empty"},
		"altered":        {k, append(bytes.Clone(canary), 0), "altered"},
		"a record":       {k, record, "another record"},
		"not a canary":   {k, impostor, "not a canary"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.keyring.VerifyCanary(test.canary)
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, seal.ErrWrongKeyset) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want ErrWrongKeyset with %q", err, test.says)
			}
		})
	}
}
