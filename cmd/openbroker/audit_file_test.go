package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// gone sends a request that is refused, and so has an entry in the audit trail.
func (w *world) gone(instance string) {
	w.t.Helper()
	w.expect(http.StatusGone, "DELETE", "/v2/service_instances/"+instance+deletion, nil)
}

// onSQLite starts a broker on SQLite.
func onSQLite(t *testing.T, configuration string) *world {
	t.Helper()
	w := &world{directory: t.TempDir()}
	w.flags = []string{"--config", write(t, w.directory, "openbroker.yaml", "data: openbroker-data\n"+configuration)}
	w.process = serve(t, w.directory, nil, w.flags...)
	return w
}

// instancesIn returns the instances of the entries in the lines of audit.file, without
// the lines of heads.
func instancesIn(t *testing.T, lines string) (instances []string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var entry struct {
			Action, Hash string
			Instance     string `json:"instance_id"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("%v in the line %q", err, line)
		}
		if entry.Hash == "" {
			instances = append(instances, entry.Instance)
		}
	}
	return instances
}

// The file of the audit trail can be renamed, as logrotate does, and deleted: the next
// entry goes into a new file, and none is lost.
func TestAuditFileRotation(t *testing.T) {
	t.Parallel()
	w := onSQLite(t, "audit: {file: audit.jsonl, head_interval: 24h}\n")
	file := filepath.Join(w.directory, "audit.jsonl")
	entry := func(instance string) {
		t.Helper()
		w.gone(instance)
		await(t, instance+" in the file", func() bool {
			lines, err := os.ReadFile(file)
			return err == nil && strings.HasSuffix(string(lines), "\n") && strings.Contains(string(lines), `"instance_id":"`+instance+`"`)
		})
	}
	entry("one")
	entry("two")
	for _, name := range []string{"audit.jsonl.2", "audit.jsonl.1"} {
		if err := os.Rename(file, filepath.Join(w.directory, name)); err != nil {
			t.Fatal(err)
		}
		entry("after-" + name)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	entry("last")
	w.stop()
	for name, want := range map[string]string{"audit.jsonl.2": "[one two]", "audit.jsonl.1": "[after-audit.jsonl.2]", "audit.jsonl": "[last]"} {
		if got := fmt.Sprint(instancesIn(t, readFile(t, w.directory, name))); got != want {
			t.Errorf("%s has %s, want %s", name, got, want)
		}
		if info, err := os.Stat(filepath.Join(w.directory, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

// A reader of the audit file that has stopped reading holds no request up. What does not
// fit into the queue is missing in the file only, and the log says how many lines that is.
func TestAuditFileStalls(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := filepath.Join(directory, "audit.fifo")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	// The process can open a pipe only while another one has its other end.
	held, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	w := onSQLite(t, "audit: {file: "+file+", head_interval: 24h}\n")
	// More lines than the queue (4096) and the pipe (64 KiB) take.
	const requests = 5000
	for i := range requests {
		w.gone("i-" + strconv.Itoa(i))
	}
	await(t, "the log", func() bool {
		return strings.Contains(w.stderr.String(), "entries of the audit trail are missing in audit.file")
	})

	reader, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		text, _ := io.ReadAll(reader) // Up to the end of the process.
		read <- string(text)
	}()
	w.stop()
	written := instancesIn(t, <-read)
	lost := 0
	for _, found := range regexp.MustCompile(`missing in audit\.file.* lines=(\d+)`).FindAllStringSubmatch(w.stderr.String(), -1) {
		lost, _ = strconv.Atoi(found[1])
	}
	if lost == 0 || len(written)+lost != requests || len(written) < 4096 {
		t.Errorf("the file has %d entries of %d, and the log says that it lacks %d", len(written), requests, lost)
	}
	if written[0] != "i-0" || written[4000] != "i-4000" {
		t.Errorf("the first entry is %q, and the 4000th %q", written[0], written[4000])
	}
	if inStore := len(w.list("audit", "--outcome", "refused", "--all")); inStore != requests {
		t.Errorf("the store has %d entries, want %d", inStore, requests)
	}
}

// On PostgreSQL a command writes a chain of its own. Its head reaches the log of a broker,
// once, so that its end cannot be cut off unnoticed.
func TestHeadsOfSettledChains(t *testing.T) {
	t.Parallel()
	w := &world{directory: t.TempDir(), flags: []string{"--store", postgres.NewDatabase(t)}}
	w.flags = append(w.flags, "--config", write(t, w.directory, "openbroker.yaml", "data: openbroker-data\naudit: {head_interval: 1s}\n"))
	w.process = serve(t, w.directory, nil, w.flags...)
	w.admin("audit", "erase", "nobody", "--reason", "a test", "--actor", "ada")
	entry := w.list("audit", "--action", "erase-names")[0]
	head := fmt.Sprintf("chain=%v seq=%v ", entry["chain"], entry["seq"])
	logged := func() int { return strings.Count(w.stderr.String(), `msg="head of the audit trail" `+head) }
	await(t, "the head", func() bool { return logged() > 0 })
	w.admin("audit", "erase", "nobody", "--reason", "a second chain", "--actor", "ada")
	second := w.list("audit", "--action", "erase-names")[0]
	await(t, "the second head", func() bool { return strings.Contains(w.stderr.String(), fmt.Sprintf("chain=%v ", second["chain"])) })
	w.stop()
	if second["chain"] == entry["chain"] || logged() != 1 {
		t.Errorf("the head of %v was logged %d times; the second chain is %v", entry["chain"], logged(), second["chain"])
	}
	write(t, w.directory, "broker.log", w.stderr.String())
	if text := w.admin("audit", "verify", "--heads", "broker.log"); !strings.HasPrefix(text, "ok: ") {
		t.Error(text)
	}
	w.sql(fmt.Sprintf(`DELETE FROM audit_entries WHERE chain = '%v'; DELETE FROM audit_batches WHERE chain = '%[1]v'`, entry["chain"]))
	if code, stdout, stderr := w.try("audit", "verify", "--heads", "broker.log"); code != 1 || !strings.Contains(stdout+stderr, fmt.Sprint(entry["chain"])) {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
