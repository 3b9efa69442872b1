//go:build unix

package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// writeToTheLimit writes until the operating system refuses to make files larger,
// and continues after the limit is lifted.
func writeToTheLimit(path string) error {
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, path)
	if err != nil {
		return err
	}
	accept := func(i int) error {
		a := acceptance(strconv.Itoa(i))
		a.Instance.Data = make([]byte, 50_000)
		return store.Accept(ctx, a)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	unlimited := limit.Cur
	limit.Cur = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	failed := 0
	for i := range 60 {
		err := accept(i)
		if errors.Is(err, durable.ErrConflict) {
			return fmt.Errorf("a fault is reported as a conflict: %w", err)
		}
		snapshot, loadErr := store.Load(ctx, acceptance(strconv.Itoa(i)).Instance.Key)
		if loadErr != nil {
			return loadErr
		}
		if acknowledged := err == nil; acknowledged != (snapshot.Instance != nil) || acknowledged != (len(snapshot.Open) == 1) {
			return fmt.Errorf("change %d: result %w, but stored is %+v", i, err, snapshot)
		}
		if err != nil {
			failed++
		}
	}
	limit.Cur = unlimited
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for i := range 60 {
		if err := accept(100 + i); err != nil {
			return fmt.Errorf("after the limit was lifted: %w", err)
		}
	}
	fmt.Fprintf(os.Stdout, "%d failed\n", failed)
	return store.Close()
}

// The store handles a file size limit like a full disk: the write fails.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	writer := start(t, "file size limit", path)
	if !writer.output.Scan() {
		t.Fatal("the child has ended")
	}
	var failed int
	if _, err := fmt.Sscanf(writer.output.Text(), "%d failed", &failed); err != nil || failed == 0 || failed == 60 {
		t.Fatalf("the child printed %q", writer.output.Text())
	}
	t.Log(writer.output.Text())
	if err := writer.command.Wait(); err != nil {
		t.Fatal(err)
	}
	store := open(t, path)
	for i := range 60 {
		if !stored(t, store, strconv.Itoa(100+i)) {
			t.Errorf("change %d, acknowledged after the limit was lifted, is missing", 100+i)
		}
	}
}
