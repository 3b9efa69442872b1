//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server"
)

// replicaSettings are the settings that a replica reads from its standard
// input, on one line. The replica ends when the input ends, so no replica
// outlives the run.
type replicaSettings struct {
	Store    string        `json:"store"`
	DSN      string        `json:"dsn"`
	Keys     string        `json:"keys"`
	Ledger   string        `json:"ledger"`
	Password string        `json:"password"`
	Seed     uint64        `json:"seed"`
	Lease    time.Duration `json:"lease"`
	Sabotage string        `json:"sabotage"`
}

// The user names of the credentials. Each has its own platform.
const (
	ownUser     = "platform"
	foreignUser = "stranger"
)

const (
	storeTimeout = 2 * time.Second
	stopGrace    = time.Second
	maxWait      = 15 * time.Second
)

// runReplica runs a broker. It prints its URL and serves until SIGTERM.
func runReplica() error {
	decoder := json.NewDecoder(os.Stdin)
	var s replicaSettings
	if err := decoder.Decode(&s); err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	ctx, stop := server.SignalContext(context.Background())
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent process has ended
		os.Exit(3)
	}()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	keys, err := seal.Load(s.Keys)
	if err != nil {
		return err
	}
	store, engine, err := openEngine(ctx, s, keys, logger)
	if err != nil {
		return err
	}
	engine.Start(ctx)
	handler, err := replicaHandler(s, engine, store, logger)
	if err != nil {
		return err
	}
	broker, err := server.NewForHandler(handler, server.Config{
		Address: "127.0.0.1:0", Logger: logger, ShutdownGrace: 3 * time.Second, ShutdownHookTimeout: 15 * time.Second,
		ReadinessChecks: []server.ReadinessCheck{{Name: "store", Run: sabotagePing(engine.Ping, s.Sabotage)}},
		OnShutdown: []server.ShutdownHook{
			{Name: "engine", Run: func(ctx context.Context) error {
				brief, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				engine.Stop(brief)
				return nil
			}},
			{Name: "store", Run: func(context.Context) error { return store.Close() }},
		},
		OnReady: func(url string) { _, _ = fmt.Fprintln(os.Stdout, url) },
	})
	if err != nil {
		return err
	}
	if err := broker.Serve(ctx); !errors.Is(err, server.ErrGraceExceeded) {
		return err
	}
	return nil
}

// openEngine opens the store and makes the engine. It retries while the
// database is unavailable, like the supervisor of a real broker.
func openEngine(ctx context.Context, s replicaSettings, keys *seal.Keyring, logger *slog.Logger) (durable.Store, *durable.Engine, error) {
	for {
		store, engine, err := tryEngine(ctx, s, keys, logger)
		if err == nil {
			return store, engine, nil
		}
		logger.LogAttrs(ctx, slog.LevelWarn, "the engine has not started yet", slog.String("error", err.Error()))
		if !pause(ctx, 200*time.Millisecond) {
			return nil, nil, err
		}
	}
}

func tryEngine(ctx context.Context, s replicaSettings, keys *seal.Keyring, logger *slog.Logger) (durable.Store, *durable.Engine, error) {
	opened, err := openStore(ctx, s.Store, s.DSN, logger)
	if err != nil {
		return nil, nil, err
	}
	store := sabotageStore(opened, s.Sabotage)
	engine, err := durable.New(ctx, offer(), &provider{ledger: &ledgerClient{url: s.Ledger}, seed: s.Seed, sabotage: s.Sabotage}, store, durable.Config{
		Sealer: keys, Logger: logger, Policies: policies(), DefaultPolicy: defaultPolicy(),
		Lease: s.Lease, StopGrace: stopGrace, MaxWait: maxWait,
	})
	if err != nil {
		return nil, nil, errors.Join(err, opened.Close())
	}
	return store, engine, nil
}

func openStore(ctx context.Context, kind, dsn string, logger *slog.Logger) (durable.Store, error) {
	if kind == storeSQLite {
		return sqlitestore.Open(ctx, dsn)
	}
	return pgstore.Open(ctx, dsn, pgstore.WithTimeout(storeTimeout), pgstore.WithLogger(logger))
}

// replicaHandler adds the endpoints for the clients of this program to the
// broker.
func replicaHandler(s replicaSettings, engine *durable.Engine, store durable.Store, logger *slog.Logger) (http.Handler, error) {
	basic, err := auth.NewBasic(
		auth.Credential{Username: ownUser, Password: s.Password},
		auth.Credential{Username: foreignUser, Password: s.Password, Platform: foreignUser},
	)
	if err != nil {
		return nil, err
	}
	requests := newInFlight(sabotageHandler(openbroker.NewHandler(engine, openbroker.WithAuthenticator(basic), openbroker.WithLogger(logger)), s.Sabotage))
	mux := http.NewServeMux()
	mux.Handle("/", requests)
	mux.HandleFunc("GET "+pathRequests+"{id}", requests.serveActive)
	mux.HandleFunc("GET "+pathOpen, func(w http.ResponseWriter, r *http.Request) {
		open, err := countOpen(r.Context(), store)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]int{"open": open}) // The client asks again.
	})
	return mux, nil
}

// countOpen counts the operations that have not ended, at most one page of each
// state.
func countOpen(ctx context.Context, store durable.Store) (int, error) {
	sum := 0
	for _, state := range []durable.OperationState{durable.OperationActive, durable.OperationCancelling} {
		records, err := store.Operations(ctx, durable.Filter{State: state})
		if err != nil {
			return 0, err
		}
		sum += len(records)
	}
	return sum, nil
}
