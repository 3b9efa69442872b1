package pgstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// notifyPause combines the notifications of many commits, because each
	// notification wakes all replicas.
	notifyPause = 10 * time.Millisecond
	// checkInterval is how often a silent connection is checked.
	checkInterval = 30 * time.Second
	// The pause before a new connection starts at reconnectFirst and doubles up to
	// reconnectLongest.
	reconnectFirst   = 50 * time.Millisecond
	reconnectLongest = 5 * time.Second
)

// hints notify other replicas of changes, with LISTEN and NOTIFY. The store sends
// them after the commit, because PostgreSQL commits transactions with notifications
// one at a time.
type hints struct {
	pool    *pgxpool.Pool
	channel string
	// sender distinguishes the notifications of this store from those of others.
	sender   string
	timeout  time.Duration
	logger   *slog.Logger
	due      chan struct{}
	received chan struct{}
}

func newHints(pool *pgxpool.Pool, o options) *hints {
	return &hints{
		pool: pool, channel: "changes in " + o.schema, sender: rand.Text(), timeout: o.timeout, logger: o.logger,
		due: make(chan struct{}, 1), received: make(chan struct{}, 1),
	}
}

// send makes notify send a notification.
func (h *hints) send() { signal(h.due) }

// signal puts a value into a channel of capacity one, unless it has one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// notify sends notifications until ctx ends.
func (h *hints) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.due:
		}
		h.notifyOnce(ctx)
		if !pause(ctx, notifyPause) {
			return
		}
	}
}

// notifyOnce sends a notification. It only logs an error, because replicas do not
// depend on hints.
func (h *hints) notifyOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	if _, err := h.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, h.channel, h.sender); err != nil {
		h.logger.LogAttrs(ctx, slog.LevelDebug, "notification not sent", slog.String("error", err.Error()))
	}
}

// listen receives notifications until ctx ends, on a connection outside of the pool,
// so that neither waits for the other.
func (h *hints) listen(ctx context.Context) {
	wait := reconnectFirst
	for {
		connected, err := h.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if connected {
			wait = reconnectFirst
		}
		h.logger.LogAttrs(ctx, slog.LevelWarn, "connection for notifications lost", slog.Duration("retry_after", wait), slog.String("error", err.Error()))
		if !pause(ctx, wait) {
			return
		}
		wait = min(2*wait, reconnectLongest)
	}
}

// listenOnce receives notifications until the connection is lost. It reports whether
// the connection was made.
func (h *hints) listenOnce(ctx context.Context) (connected bool, err error) {
	conn, err := h.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		brief, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err = errors.Join(err, conn.Close(brief))
	}()
	for {
		notification, err := h.next(ctx, conn)
		if err != nil {
			return true, err
		}
		if notification.Payload != h.sender {
			signal(h.received)
		}
	}
}

// connect opens a connection that listens.
func (h *hints) connect(ctx context.Context) (*pgx.Conn, error) {
	brief, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(brief, h.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(brief, `LISTEN `+pgx.Identifier{h.channel}.Sanitize()); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), conn.Close(brief))
	}
	signal(h.received) // Notifications may have been missed.
	return conn, nil
}

// next waits for a notification, and checks that a silent connection is alive.
func (h *hints) next(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		waiting, cancel := context.WithTimeout(ctx, checkInterval)
		notification, err := conn.WaitForNotification(waiting)
		cancel()
		if err == nil {
			return notification, nil
		}
		if ctx.Err() != nil || conn.IsClosed() || !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		checking, cancel := context.WithTimeout(ctx, h.timeout)
		err = conn.Ping(checking)
		cancel()
		if err != nil {
			return nil, err
		}
	}
}

// pause waits for d. It returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
