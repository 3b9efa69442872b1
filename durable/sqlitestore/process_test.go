package sqlitestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// childMode and childPath are environment variables that make the test binary run
// as a child.
const (
	childMode = "SQLITESTORE_CHILD_MODE"
	childPath = "SQLITESTORE_CHILD_PATH"
)

func TestMain(m *testing.M) {
	mode, path := os.Getenv(childMode), os.Getenv(childPath)
	switch mode {
	case "":
		m.Run()
	case "hold":
		report(holdDatabase(path))
	case "write":
		report(writeForever(path))
	case "commands":
		report(runCommands(path))
	case "file size limit":
		report(writeToTheLimit(path))
	}
}

// report prints the error of a child. Its test reads it.
func report(err error) {
	if err != nil {
		fmt.Fprintf(os.Stdout, "error %v\n", err)
	}
}

// A child is a second process of the test binary.
type child struct {
	command *exec.Cmd
	input   io.Closer
	output  *bufio.Scanner
}

func start(t *testing.T, mode, path string) *child {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childMode+"="+mode, childPath+"="+path)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return &child{command: command, input: input, output: bufio.NewScanner(output)}
}

// holdDatabase keeps the database open until its input ends.
func holdDatabase(path string) error {
	store, err := sqlitestore.Open(context.Background(), path)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, store.Close())
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	other := start(t, "hold", path)
	if !other.output.Scan() || other.output.Text() != "ready" {
		t.Fatalf("the child printed %q", other.output.Text())
	}
	_, err := sqlitestore.Open(t.Context(), path)
	if !errors.Is(err, sqlitestore.ErrInUse) {
		t.Fatalf("error %v, want ErrInUse", err)
	}
	for _, part := range []string{path, fmt.Sprintf("process %d", other.command.Process.Pid)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %q: %v", part, err)
		}
	}
	t.Log(err)
	other.input.Close()
	if err := other.command.Wait(); err != nil {
		t.Fatal(err)
	}
	store := open(t, path)

	late := start(t, "hold", path)
	if !late.output.Scan() || !strings.Contains(late.output.Text(), "in use") {
		t.Errorf("the child printed %q", late.output.Text())
	}
	if err := late.command.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("after another process was refused: %v", err)
	}
}

// writeForever provisions instances from several goroutines and prints each
// acknowledged change: "accepted ID" or "ended ID".
func writeForever(path string) error {
	store, err := sqlitestore.Open(context.Background(), path)
	if err != nil {
		return err
	}
	var output sync.Mutex
	printLine := func(word, id string) {
		output.Lock()
		defer output.Unlock()
		fmt.Fprintln(os.Stdout, word, id)
	}
	var number atomic.Int64
	failed := make(chan error)
	for range 8 {
		go func() {
			for {
				id := fmt.Sprintf("%d-%d", os.Getpid(), number.Add(1))
				a := acceptance(id)
				if err := store.Accept(context.Background(), a); err != nil {
					failed <- err
				}
				printLine("accepted", id)
				if number.Load()%3 == 0 {
					continue
				}
				err := store.Advance(context.Background(), &durable.Advance{
					Fence: durable.Fence{OperationID: a.Operation.ID, Generation: 1}, Key: a.Operation.Key, State: durable.OperationSucceeded,
				})
				if err != nil {
					failed <- err
				}
				printLine("ended", id)
			}
		}()
	}
	return <-failed
}

// After kill -9, every acknowledged change is stored, and every stored change is
// complete. Unfinished operations can be claimed immediately.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	accepted, ended := make(map[string]bool), make(map[string]bool)
	for round := range 4 {
		writer := start(t, "write", path)
		for lines := 0; writer.output.Scan(); lines++ {
			word, id, _ := strings.Cut(writer.output.Text(), " ")
			switch word {
			case "accepted":
				accepted[id] = true
			case "ended":
				ended[id] = true
			default:
				t.Fatalf("the child printed %q", writer.output.Text())
			}
			if lines == 200+round*150 {
				if err := writer.command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := writer.command.Wait(); err == nil {
			t.Fatal("the child ended before it was killed")
		}
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
			t.Fatalf("the child left no log: %v", err)
		}

		store, err := sqlitestore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for id := range accepted {
			record, err := store.OperationByID(t.Context(), "operation-"+id)
			if err != nil {
				t.Fatalf("operation %s was accepted: %v", id, err)
			}
			if ended[id] && record.State != durable.OperationSucceeded {
				t.Errorf("operation %s had ended, now it is %s", id, record.State)
			}
			if !record.Ended() && !record.LeaseUntil.IsZero() {
				t.Errorf("operation %s still has a lease", id)
			}
			stored, err := store.Load(t.Context(), record.Key)
			if err != nil || stored.Instance == nil {
				t.Fatalf("instance %s: %v, %v", id, stored, err)
			}
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d accepted, %d ended", len(accepted), len(ended))
}

func TestLeasesOfPreviousProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	if err := store.Accept(t.Context(), acceptance("i")); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	claimed, err := open(t, path).Claim(t.Context(), "me", time.Minute, 10, durable.ClaimExclusion{})
	if err != nil || len(claimed) != 1 || claimed[0].Generation != 2 {
		t.Fatalf("claimed %+v, %v", claimed, err)
	}
}
