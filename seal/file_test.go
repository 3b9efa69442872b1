package seal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"

	"github.com/openbroker/openbroker/seal"
)

func newFile(tb testing.TB) (path string, k *seal.Keyring) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "keyset.json")
	k, err := seal.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	return path, k
}

func write(tb testing.TB, path string, data []byte, mode fs.FileMode) {
	tb.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // regardless of the umask
		tb.Fatal(err)
	}
}

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func names(tb testing.TB, directory string) []string {
	tb.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestCreate(t *testing.T) {
	t.Parallel()
	path, created := newFile(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"keyset.json"}) {
		t.Errorf("files %q", got)
	}
	loaded, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := loaded.Open(mustSeal(t, created, []byte("data"), nil), nil); err != nil || string(opened) != "data" {
		t.Errorf("opened %q, %v", opened, err)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"empty": "", "corrupt": "{", "text": "mine"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyset.json")
			write(t, path, []byte(content), 0o600)
			if _, err := seal.Create(path); !errors.Is(err, fs.ErrExist) {
				t.Errorf("created: %v", err)
			}
			if _, err := seal.LoadOrCreate(path); !errors.Is(err, seal.ErrKeyset) {
				t.Errorf("loaded: %v", err)
			}
			if got := string(read(t, path)); got != content {
				t.Errorf("the file is now %q", got)
			}
			if got := names(t, filepath.Dir(path)); len(got) != 1 {
				t.Errorf("files %q", got)
			}
		})
	}
	t.Run("dangling link", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "keyset.json")
		if err := os.Symlink("nowhere", path); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.LoadOrCreate(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("loaded: %v", err)
		}
	})
	t.Run("no directory", func(t *testing.T) {
		t.Parallel()
		if _, err := seal.Create(filepath.Join(t.TempDir(), "no", "keyset.json")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("created: %v", err)
		}
	})
}

// Temporary files of a process that was killed while writing do not matter.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	keyset := tinkKeyset(t, aead.AES256GCMKeyTemplate())
	for i, content := range [][]byte{nil, keyset[:100], keyset} {
		write(t, filepath.Join(filepath.Dir(path), fmt.Sprintf(".keyset.json.%d.tmp", i)), content, 0o600)
	}
	k, err := seal.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.RotateKey(path); err != nil {
		t.Fatal(err)
	}
	if changed, err := k.Reload(nil); err != nil || !changed {
		t.Errorf("reload: %v, %v", changed, err)
	}
	if got, want := names(t, filepath.Dir(path)), []string{"keyset.json", "keyset.json.lock"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestConcurrentCreate(t *testing.T) {
	t.Parallel()
	const processes = 16
	tests := map[string]func(path string) (*seal.Keyring, error){
		"Create":       seal.Create,
		"LoadOrCreate": func(path string) (*seal.Keyring, error) { return seal.LoadOrCreate(path) },
	}
	for name, create := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyset.json")
			keyrings, errs := make([]*seal.Keyring, processes), make([]error, processes)
			start := make(chan struct{})
			var group sync.WaitGroup
			for i := range processes {
				group.Go(func() {
					<-start
					keyrings[i], errs[i] = create(path)
				})
			}
			close(start)
			group.Wait()
			loaded, err := seal.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			made := 0
			for i, k := range keyrings {
				switch {
				case errs[i] == nil && slices.Equal(k.Keys(), loaded.Keys()):
					made++
				case errs[i] == nil:
					t.Errorf("%v instead of %v", k, loaded)
				case !errors.Is(errs[i], fs.ErrExist):
					t.Error(errs[i])
				}
			}
			want := map[string]int{"Create": 1, "LoadOrCreate": processes}[name]
			if made != want {
				t.Errorf("%d succeeded, want %d", made, want)
			}
			if got := names(t, filepath.Dir(path)); len(got) != 1 {
				t.Errorf("files %q", got)
			}
		})
	}
}

func TestLoadChecksPermissions(t *testing.T) {
	t.Parallel()
	group := []seal.Option{seal.AllowGroupRead()}
	tests := []struct {
		mode    fs.FileMode
		options []seal.Option
		refused bool
	}{
		{0o600, nil, false},
		{0o400, nil, false},
		{0o700, nil, false},
		{0o640, nil, true},
		{0o620, nil, true},
		{0o610, nil, true},
		{0o604, nil, true},
		{0o602, nil, true},
		{0o644, nil, true},
		{0o666, nil, true},
		{0o640, group, false},
		{0o440, group, false},
		{0o600, group, false},
		{0o660, group, true},
		{0o644, group, true},
		{0o604, group, true},
	}
	for _, test := range tests {
		name := test.mode.String()
		if test.options != nil {
			name += " group"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, k := newFile(t)
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := seal.Load(path, test.options...)
			_, errOrCreate := seal.LoadOrCreate(path, test.options...)
			if !test.refused {
				if err != nil || errOrCreate != nil {
					t.Error(err, errOrCreate)
				}
				return
			}
			if !errors.Is(err, seal.ErrPermissions) || !strings.Contains(err.Error(), "chmod 600 "+path) {
				t.Errorf("loaded: %v", err)
			}
			if !errors.Is(errOrCreate, seal.ErrPermissions) {
				t.Errorf("loaded or created: %v", errOrCreate)
			}
			if _, err := seal.RotateKey(path); !errors.Is(err, seal.ErrPermissions) {
				t.Errorf("rotated: %v", err)
			}
			if _, err := k.Reload(nil); !errors.Is(err, seal.ErrPermissions) && test.options == nil {
				t.Errorf("reloaded: %v", err)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good := tinkKeyset(t, aead.AES256GCMKeyTemplate())
	tests := map[string]struct {
		make func(t *testing.T, path string)
		want error
		says string
	}{
		"missing":   {func(*testing.T, string) {}, fs.ErrNotExist, "backup"},
		"empty":     {func(t *testing.T, path string) { t.Helper(); write(t, path, nil, 0o600) }, seal.ErrKeyset, "empty"},
		"cut off":   {func(t *testing.T, path string) { t.Helper(); write(t, path, good[:len(good)/2], 0o600) }, seal.ErrKeyset, "truncated"},
		"too large": {func(t *testing.T, path string) { t.Helper(); write(t, path, make([]byte, 1<<20+1), 0o600) }, seal.ErrKeyset, "more than"},
		"directory": {func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, seal.ErrKeyset, "regular"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyset.json")
			test.make(t, path)
			before := names(t, filepath.Dir(path))
			k, err := seal.Load(path)
			if !errors.Is(err, test.want) || k != nil {
				t.Fatalf("got %v, error %v", k, err)
			}
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%q does not say %q and the path", err, test.says)
			}
			if _, err := seal.RotateKey(path); !errors.Is(err, test.want) {
				t.Errorf("rotated: %v", err)
			}
			if got := slices.DeleteFunc(names(t, filepath.Dir(path)), func(name string) bool {
				return strings.HasSuffix(name, ".lock")
			}); !slices.Equal(got, before) {
				t.Errorf("files %q, before %q", got, before)
			}
		})
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	first := primary(t, k)
	errRefused := errors.New("refused")
	refuse := func(candidate *seal.Keyring) error {
		if candidate == k || primary(t, candidate) == first {
			t.Error("the check received the keyring in use")
		}
		return errRefused
	}
	canary, err := k.Canary()
	if err != nil {
		t.Fatal(err)
	}
	verify := func(candidate *seal.Keyring) error { return candidate.VerifyCanary(canary) }
	good := read(t, path)

	steps := []struct {
		name    string
		content []byte // nil: add a key
		check   seal.CandidateCheck
		changed bool
		want    error
	}{
		{"unchanged", good, refuse, false, nil},
		{"corrupt", good[:20], nil, false, seal.ErrKeyset},
		{"empty", []byte{}, nil, false, seal.ErrKeyset},
		{"another keyset", tinkKeyset(t, aead.AES256GCMKeyTemplate()), verify, false, seal.ErrWrongKeyset},
		{"refused", tinkKeyset(t, aead.AES256GCMKeyTemplate()), refuse, false, errRefused},
		{"restored", good, nil, false, nil},
		{"another key", nil, verify, true, nil},
	}
	for _, step := range steps {
		if step.content != nil {
			write(t, path, step.content, 0o600)
		} else if _, err := seal.RotateKey(path); err != nil {
			t.Fatal(err)
		}
		changed, err := k.Reload(step.check)
		if changed != step.changed || !errors.Is(err, step.want) {
			t.Errorf("%s: changed %v, error %v", step.name, changed, err)
		}
		if (primary(t, k) == first) == step.changed {
			t.Errorf("%s: the primary key is %d, was %d", step.name, primary(t, k), first)
		}
		if err := k.VerifyCanary(canary); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Reload(nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := newKeyring(t).Reload(nil); !errors.Is(err, seal.ErrNoFile) {
		t.Errorf("from memory: %v", err)
	}
}
