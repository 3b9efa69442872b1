package sqlitestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// runCommands opens the database and executes the commands of its input: "accept
// ID", "load ID", "ping" and "close". It answers each line with "ok", or with
// "error" and the reason.
func runCommands(path string) error {
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, path)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		word, id, _ := strings.Cut(input.Text(), " ")
		var err error
		switch word {
		case "accept":
			err = store.Accept(ctx, acceptance(id))
		case "load":
			_, err = store.Load(ctx, acceptance(id).Instance.Key)
		case "ping":
			err = store.Ping(ctx)
		case "close":
			err = store.Close()
		}
		if err != nil {
			fmt.Fprintln(os.Stdout, "error", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Fprintln(os.Stdout, "ok")
		}
	}
	return nil
}

// A broker is a process that runs runCommands.
type broker struct {
	*child
	t *testing.T
}

func startBroker(t *testing.T, path string) *broker {
	t.Helper()
	b := &broker{child: start(t, "commands", path), t: t}
	if !b.output.Scan() || b.output.Text() != "ready" {
		t.Fatalf("the process printed %q", b.output.Text())
	}
	return b
}

// do executes a command and returns its error, or "".
func (b *broker) do(what string) string {
	b.t.Helper()
	if _, err := io.WriteString(b.input.(io.Writer), what+"\n"); err != nil {
		b.t.Fatal(err)
	}
	if !b.output.Scan() {
		b.t.Fatalf("%s: the process has ended", what)
	}
	if b.output.Text() == "ok" {
		return ""
	}
	return b.output.Text()
}

func (b *broker) must(what string) {
	b.t.Helper()
	if err := b.do(what); err != "" {
		b.t.Fatalf("%s: %s", what, err)
	}
}

// kill ends the process like kill -9.
func (b *broker) kill() {
	b.t.Helper()
	if err := b.command.Process.Kill(); err != nil {
		b.t.Fatal(err)
	}
	_ = b.command.Wait()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// replace replaces a file with a copy of it.
func replace(t *testing.T, path string) {
	t.Helper()
	content := read(t, path)
	check(t, os.Remove(path))
	write(t, path, content)
}

// When the files that the store has open are lost, every call fails, and the store
// is not ready.
func TestFilesLostWhileInUse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, path string)
		want   string
	}{
		"removed":           {func(t *testing.T, path string) { t.Helper(); check(t, os.Remove(path)) }, "was removed, renamed or replaced"},
		"renamed":           {func(t *testing.T, path string) { t.Helper(); check(t, os.Rename(path, path+".old")) }, "was removed, renamed or replaced"},
		"replaced":          {replace, "was removed, renamed or replaced"},
		"log removed":       {func(t *testing.T, path string) { t.Helper(); check(t, os.Remove(path+"-wal")) }, "-wal was removed, renamed or replaced"},
		"log replaced":      {func(t *testing.T, path string) { t.Helper(); replace(t, path+"-wal") }, "-wal was removed, renamed or replaced"},
		"log truncated":     {func(t *testing.T, path string) { t.Helper(); check(t, os.Truncate(path+"-wal", 40_000)) }, "-wal was truncated"},
		"log emptied":       {func(t *testing.T, path string) { t.Helper(); check(t, os.Truncate(path+"-wal", 0)) }, "-wal was overwritten"},
		"log overwritten":   {func(t *testing.T, path string) { t.Helper(); overwrite(t, path+"-wal", 0, len(read(t, path+"-wal"))) }, ""},
		"pages scribbled":   {func(t *testing.T, path string) { t.Helper(); overwrite(t, path, 4096, len(read(t, path))-4096) }, "malformed"},
		"directory removed": {func(t *testing.T, path string) { t.Helper(); check(t, os.RemoveAll(filepath.Dir(path))) }, "was removed, renamed or replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data", "broker.db")
			if name == "pages scribbled" {
				check(t, os.Mkdir(filepath.Dir(path), 0o700))
				content := filled(t)
				write(t, path, read(t, content))
			}
			b := startBroker(t, path)
			for i := range 20 {
				b.must("accept before-" + strconv.Itoa(i))
			}
			c.change(t, path)
			seen := b.do("accept after")
			if name == "pages scribbled" {
				// Cached pages are intact: read others, too.
				for i := 0; i < 100 && seen == ""; i++ {
					seen = b.do("load " + strconv.Itoa(i))
				}
			}
			if seen == "" || !strings.Contains(seen, c.want) {
				t.Errorf("a change is answered with %q, want an error with %q", seen, c.want)
			}
			t.Log(seen)
			if ping := b.do("ping"); ping == "" {
				t.Error("the store reports that it is ready")
			}
			if read := b.do("load before-1"); read == "" && name != "log overwritten" {
				t.Error("a read is answered")
			}
			b.kill()
		})
	}
}

// After a process was killed and its files were changed, the next start finds all
// acknowledged changes or is refused.
func TestFilesLostAfterAKill(t *testing.T) {
	t.Parallel()
	const unproven, missing = "acknowledged changes may be missing", "the database is missing"
	remove := func(suffixes ...string) func(t *testing.T, path, old string) {
		return func(t *testing.T, path, _ string) {
			t.Helper()
			for _, suffix := range suffixes {
				check(t, os.Remove(path+suffix))
			}
		}
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, path, old string)
		want   string // Empty if it starts.
	}{
		"nothing":              {func(t *testing.T, _, _ string) { t.Helper() }, ""},
		"-shm removed":         {remove("-shm"), ""},
		"-wal removed":         {remove("-wal"), unproven},
		"-wal and -shm":        {remove("-wal", "-shm"), unproven},
		"-wal and lock":        {remove("-wal", ".lock"), unproven},
		"lock removed":         {remove(".lock"), unproven},
		"removed":              {remove("", "-wal"), missing},
		"only the log is left": {remove(""), "would discard it"},
		"-wal emptied":         {func(t *testing.T, path, _ string) { t.Helper(); check(t, os.Truncate(path+"-wal", 0)) }, unproven},
		"-wal truncated": {func(t *testing.T, path, _ string) {
			t.Helper()
			check(t, os.Truncate(path+"-wal", int64(len(read(t, path+"-wal"))-1)))
		}, unproven},
		"-wal overwritten": {func(t *testing.T, path, _ string) {
			t.Helper()
			overwrite(t, path+"-wal", 0, len(read(t, path+"-wal")))
		}, unproven},
		"-wal overwritten at its end": {func(t *testing.T, path, _ string) {
			t.Helper()
			overwrite(t, path+"-wal", len(read(t, path+"-wal"))-100, 100)
		}, unproven},
		"an older database with its log": {func(t *testing.T, path, old string) {
			t.Helper()
			check(t, os.Remove(path+"-wal"))
			write(t, path, read(t, old))
		}, unproven},
		"an older database, the new log": {func(t *testing.T, path, old string) { t.Helper(); write(t, path, read(t, old)) }, unproven},
		"another database, the new log":  {func(t *testing.T, path, _ string) { t.Helper(); write(t, path, read(t, filled(t))) }, unproven},
		"another database": {func(t *testing.T, path, _ string) {
			t.Helper()
			check(t, os.Remove(path+"-wal"))
			write(t, path, read(t, filled(t)))
		}, unproven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "broker.db")
			b := startBroker(t, path)
			b.must("accept first")
			b.must("close")
			b.kill()
			old := filepath.Join(t.TempDir(), "old.db")
			write(t, old, read(t, path))
			b = startBroker(t, path)
			for i := range 20 {
				b.must("accept " + strconv.Itoa(i))
			}
			b.kill()
			c.change(t, path, old)

			for range 2 { // The second attempt must be refused, too.
				store, err := sqlitestore.Open(t.Context(), path)
				if err == nil {
					for i := range 20 {
						if c.want == "" && !stored(t, store, strconv.Itoa(i)) {
							t.Errorf("instance %d is lost", i)
						}
					}
					check(t, store.Close())
				}
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path)) {
					t.Fatalf("error %v, want one with %q", err, c.want)
				}
				t.Log(err)
			}
			if c.want == unproven && name != "another database, the new log" { // Open cannot adopt this combination.
				adopted, err := sqlitestore.Open(t.Context(), path, sqlitestore.WithAdoption())
				check(t, err)
				check(t, adopted.Close())
				check(t, open(t, path).Ping(t.Context()))
			}
			if c.want == missing {
				created := open(t, path, sqlitestore.WithNewStore())
				check(t, created.Ping(t.Context()))
			}
		})
	}
}

// Open detects an older database even after a clean close.
func TestOlderDatabaseAfterAClose(t *testing.T) {
	t.Parallel()
	path := filled(t)
	old := read(t, path)
	store := open(t, path)
	fill(t, store, 0)
	check(t, store.Accept(t.Context(), acceptance("new")))
	check(t, store.Close())
	write(t, path, old)
	if _, err := sqlitestore.Open(t.Context(), path); !errors.Is(err, sqlitestore.ErrChangesMissing) {
		t.Errorf("error %v, want ErrChangesMissing", err)
	}
	if _, err := sqlitestore.Attach(t.Context(), path); !errors.Is(err, sqlitestore.ErrChangesMissing) {
		t.Errorf("attach: error %v, want ErrChangesMissing", err)
	}
}

// A broker writes a removed lock file again, so that the next start knows the
// number of commits.
func TestLockFileIsRecreated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	b := startBroker(t, path)
	b.must("accept 1")
	check(t, os.Remove(path+".lock"))
	b.must("accept 2")
	b.kill()
	wal := read(t, path+"-wal")
	check(t, os.Remove(path+"-wal"))
	if _, err := sqlitestore.Open(t.Context(), path); !errors.Is(err, sqlitestore.ErrChangesMissing) {
		t.Errorf("error %v, want ErrChangesMissing", err)
	}
	write(t, path+"-wal", wal)
	if store := open(t, path); !stored(t, store, "1") || !stored(t, store, "2") {
		t.Error("the changes are lost")
	}
}
