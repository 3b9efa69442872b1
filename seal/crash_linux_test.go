package seal_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/seal"
)

const (
	childVariable = "SEAL_TEST_CHILD"
	pathVariable  = "SEAL_TEST_PATH"
)

// children maps names to the functions that this binary runs as a child process.
var children = map[string]func(path string) error{
	"create": func(path string) error { _, err := seal.Create(path); return err },
	"rotate": func(path string) error { _, err := seal.RotateKey(path); return err },
	"rotate for ever": func(path string) error {
		for {
			id, err := seal.RotateKey(path)
			if err != nil {
				return err
			}
			fmt.Println(id)
		}
	},
}

func TestMain(m *testing.M) {
	name := os.Getenv(childVariable)
	if name == "" {
		m.Run()
		return
	}
	name, full := strings.CutSuffix(name, ", disk full")
	if full {
		// Writing more to a file than 100 bytes fails.
		limit := syscall.Rlimit{Cur: 100, Max: 100}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Println("setrlimit:", err)
			return
		}
	}
	if err := children[name](os.Getenv(pathVariable)); err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println("done")
}

func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), executable)
	command.Env = append(os.Environ(), childVariable+"="+name, pathVariable+"="+path)
	return command
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"create", "rotate"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyset.json")
			var before []byte
			if name == "rotate" {
				path, _ = newFile(t)
				before = read(t, path)
			}
			output, err := child(t, name+", disk full", path).CombinedOutput()
			if err != nil || !bytes.Contains(output, []byte("error: seal:")) || !bytes.Contains(output, []byte(syscall.EFBIG.Error())) {
				t.Errorf("the process printed %q, %v", output, err)
			}
			var want []string
			if name == "rotate" {
				want = []string{"keyset.json", "keyset.json.lock"}
				if !bytes.Equal(read(t, path), before) {
					t.Error("the file changed")
				}
			}
			if got := names(t, filepath.Dir(path)); !slices.Equal(got, want) {
				t.Errorf("files %q, want %q", got, want)
			}
		})
	}
}

// A process that is killed at any point loses no key that it has reported as
// added, and its lock does not persist.
func TestKilled(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	sealed := mustSeal(t, k, []byte("data"), nil)
	for round := range 8 {
		command := child(t, "rotate for ever", path)
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		var said []string
		for range round + 1 {
			if !lines.Scan() {
				t.Fatal("the process ended by itself")
			}
			said = append(said, lines.Text())
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it reported before it died
			said = append(said, lines.Text())
		}
		if err := command.Wait(); err == nil {
			t.Fatal("the process was not killed")
		}
		reload(t, k)
		mustOpen(t, k, sealed)
		keys := k.Keys()
		for _, id := range said {
			if !slices.ContainsFunc(keys, func(key seal.Key) bool { return strconv.FormatUint(uint64(key.ID), 10) == id }) {
				t.Errorf("key %s is not in %v", id, keys)
			}
		}
	}
	if _, err := seal.RotateKey(path); err != nil {
		t.Error(err)
	}
}
