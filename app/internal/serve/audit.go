package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/server/config"
)

// An auditTrail is what a process does for the audit trail besides keeping it in the
// store.
type auditTrail struct {
	recorder *audit.Recorder
	strict   bool
	lines    *auditLines // nil without a file
	store    admin.Store
	logger   *slog.Logger
	// logged has the numbers of the heads that were logged, and stored those that the store
	// had at the last look, by chain.
	logged, stored map[string]int64
	ended          chan struct{}
	quit           context.CancelFunc
}

// newAuditTrail opens the file of the audit trail. stdout takes its place if the
// configuration says so.
func newAuditTrail(ctx context.Context, settings config.Audit, store durable.Store, stdout io.Writer, logger *slog.Logger) (*auditTrail, error) {
	t := &auditTrail{strict: settings.Reads == config.StrictReads, logger: logger, logged: map[string]int64{}, stored: map[string]int64{}}
	administered, ok := store.(admin.Store)
	if !ok {
		return nil, errors.New("the store cannot be administered")
	}
	t.store = administered
	switch settings.File {
	case "":
	case config.AuditStdout:
		t.lines = &auditLines{out: stdout, logger: logger}
	default:
		t.lines = &auditLines{path: settings.File, logger: logger}
	}
	if t.lines != nil {
		if err := t.lines.start(ctx); err != nil {
			return nil, fmt.Errorf("audit.file: %w", err)
		}
		t.store = &linedStore{Store: administered, lines: t.lines}
	}
	t.recorder = audit.NewRecorder(ctx, t.store, logger)
	ctx, quit := context.WithCancel(context.WithoutCancel(ctx))
	t.quit, t.ended = quit, make(chan struct{})
	go t.keepHeads(ctx, time.Duration(settings.HeadInterval))
	return t, nil
}

// broker returns the broker that platforms call.
func (t *auditTrail) broker(b openbroker.Broker) openbroker.Broker {
	if t.strict {
		return t.recorder.Strict(b)
	}
	return b
}

// keepHeads logs the heads of the chains of this process, so that they are kept outside
// the store.
func (t *auditTrail) keepHeads(ctx context.Context, interval time.Duration) {
	defer close(t.ended)
	const usual = time.Minute
	if interval <= 0 {
		interval = usual
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.logHeads(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (t *auditTrail) logHeads(ctx context.Context) {
	own := auditHeads(t.store)
	for _, head := range own {
		t.logHead(ctx, head)
	}
	// Other processes log their heads themselves while they work.
	for _, head := range t.storedHeads(ctx) {
		if slices.ContainsFunc(own, func(o audit.Head) bool { return o.Chain == head.Chain }) {
			continue
		}
		if t.stored[head.Chain] == head.Seq {
			t.logHead(ctx, head)
		}
		t.stored[head.Chain] = head.Seq
	}
}

// logHead logs a head, unless it was the last one of its chain.
func (t *auditTrail) logHead(ctx context.Context, head audit.Head) {
	if t.logged[head.Chain] == head.Seq {
		return
	}
	t.logged[head.Chain] = head.Seq
	t.logger.LogAttrs(ctx, slog.LevelInfo, "head of the audit trail",
		slog.String("chain", head.Chain), slog.Int64("seq", head.Seq), slog.String("hash", head.Hash.String()))
	if t.lines != nil {
		t.lines.write(ctx, head)
	}
}

// storedHeads returns the heads in a store that several processes write.
func (t *auditTrail) storedHeads(ctx context.Context) []audit.Head {
	shared, ok := unlined(t.store).(interface {
		StoredHeads(ctx context.Context) ([]audit.Head, error)
	})
	if !ok {
		return nil
	}
	heads, err := shared.StoredHeads(context.WithoutCancel(ctx))
	if err != nil {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "the heads of the audit trail cannot be read", slog.String("error", err.Error()))
	}
	return heads
}

// unlined returns the store behind a linedStore.
func unlined(store admin.Store) admin.Store {
	if lined, ok := store.(*linedStore); ok {
		return lined.Store
	}
	return store
}

// auditHeads returns the heads of the chains that this process writes.
func auditHeads(store admin.Store) []audit.Head {
	if heads, ok := unlined(store).(interface{ AuditHeads() []audit.Head }); ok {
		return heads.AuditHeads()
	}
	return nil
}

// stop writes what waits, and the last heads. Requests and operations must have ended.
func (t *auditTrail) stop(ctx context.Context) error {
	t.recorder.Stop(ctx)
	t.quit()
	<-t.ended
	t.logHeads(ctx)
	if t.lines == nil {
		return nil
	}
	return t.lines.close(ctx)
}

// A linedStore writes each entry of the audit trail as a line, once it is in the store.
type linedStore struct {
	admin.Store
	lines *auditLines
}

// Accept implements [durable.Store].
func (s *linedStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	err := s.Store.Accept(ctx, a)
	if err == nil {
		s.lines.record(ctx, a.Audit)
		if a.Operation != nil {
			s.lines.record(ctx, a.Operation.Audit)
		}
	}
	return err
}

// Advance implements [durable.Store].
func (s *linedStore) Advance(ctx context.Context, a *durable.Advance) error {
	err := s.Store.Advance(ctx, a)
	if err == nil && a.Next != nil {
		s.lines.record(ctx, a.Next.Audit)
	}
	return err
}

// Record implements [durable.Store].
func (s *linedStore) Record(ctx context.Context, records []*audit.Record) error {
	err := s.Store.Record(ctx, records)
	if err == nil {
		s.lines.record(ctx, records...)
	}
	return err
}

// Intervene implements [admin.Store].
func (s *linedStore) Intervene(ctx context.Context, i *admin.Intervention) error {
	if err := s.Store.Intervene(ctx, i); err != nil {
		return err
	}
	// The store has made the record.
	records, err := s.AuditTrail(ctx, admin.AuditFilter{InstanceID: i.Audit.InstanceID, Actions: []admin.Action{i.Audit.Action}})
	at := slices.IndexFunc(records, func(r *audit.Record) bool { return r.Act.ID == i.Audit.ID })
	if err == nil && at < 0 {
		err = errors.New("it is missing")
	}
	if err != nil {
		s.lines.complain(ctx, fmt.Errorf("the entry %s cannot be read: %w", i.Audit.ID, err))
		return nil // The intervention has succeeded.
	}
	s.lines.record(ctx, records[at])
	return nil
}

const (
	// maxLines is how many lines can wait for a file that does not take them. Later ones
	// are lost, and counted: requests do not wait.
	maxLines = 4096
	// linesGrace is how long a stop waits for them.
	linesGrace = 5 * time.Second
)

// auditLines appends entries to a file, or to out, as JSON, one a line. What it cannot
// write is missing there only: the store has it.
type auditLines struct {
	path   string
	out    io.Writer
	logger *slog.Logger
	file   *os.File
	// torn says that the last line was not written whole.
	torn  bool
	queue chan []byte
	ended chan struct{}

	mu     sync.Mutex
	closed bool
	// lost is how many lines are missing, and logged how many of them the log has said at the
	// time complained.
	lost, logged int
	complained   time.Time
}

// start opens the file, and begins to write.
func (l *auditLines) start(ctx context.Context) error {
	if l.out == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	l.queue, l.ended = make(chan []byte, maxLines), make(chan struct{})
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer close(l.ended)
		for line := range l.queue {
			if err := l.append(line); err != nil {
				l.complain(ctx, err)
			}
		}
	}()
	return nil
}

// open opens the file. Its entries have names of people.
func (l *auditLines) open() (err error) {
	const mode = 0o600
	l.file, err = os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
	return err
}

func (l *auditLines) record(ctx context.Context, records ...*audit.Record) {
	for _, r := range records {
		if r == nil {
			continue
		}
		entry, err := r.Entry()
		if err != nil {
			l.complain(ctx, err)
			continue
		}
		l.write(ctx, entry)
	}
}

func (l *auditLines) write(ctx context.Context, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		l.complain(ctx, err)
		return
	}
	l.mu.Lock()
	full := false
	if !l.closed {
		select {
		case l.queue <- append(text, '\n'):
		default:
			full = true
		}
	}
	l.mu.Unlock()
	if full {
		l.complain(ctx, errors.New("it does not take them fast enough"))
	}
}

func (l *auditLines) append(line []byte) error {
	out := l.out
	if out == nil {
		if err := l.reopen(); err != nil {
			return err
		}
		out = l.file
	}
	if l.torn {
		line = append([]byte("\n"), line...)
	}
	n, err := out.Write(line)
	l.torn = err != nil && (n > 0 || l.torn)
	return err
}

// reopen opens the file again once it was renamed, as logrotate does, or deleted.
func (l *auditLines) reopen() error {
	if l.file != nil {
		opened, err := l.file.Stat()
		if err != nil {
			return err
		}
		if present, err := os.Stat(l.path); err == nil && os.SameFile(opened, present) {
			return nil
		}
		_ = l.file.Close() // All lines are written.
		l.file, l.torn = nil, false
	}
	return l.open()
}

// complain counts a line that is missing, and logs the error, but not each of many.
func (l *auditLines) complain(ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost++
	if now := time.Now(); now.Sub(l.complained) > time.Minute {
		l.complained = now
		l.tell(ctx, err)
	}
}

// tell logs how many lines are missing. The lock is held.
func (l *auditLines) tell(ctx context.Context, err error) {
	l.logged = l.lost
	l.logger.LogAttrs(ctx, slog.LevelError, "entries of the audit trail are missing in audit.file: the store has them",
		slog.Int("lines", l.lost), slog.String("error", err.Error()))
}

// close writes the lines that wait, unless that takes long. Then the log has the number of
// those that are missing.
func (l *auditLines) close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	close(l.queue)
	l.mu.Unlock()
	grace := time.NewTimer(linesGrace)
	defer grace.Stop()
	select {
	case <-l.ended:
	case <-grace.C:
		return errors.New("audit.file does not take the last entries: the store has them")
	}
	l.mu.Lock()
	if l.lost > l.logged {
		l.tell(ctx, errors.New("the process ends"))
	}
	l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
