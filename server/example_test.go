package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// helloBroker offers one service.
type helloBroker struct{ openbroker.Unimplemented }

func (helloBroker) Catalog(context.Context) (*openbroker.Catalog, error) {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "3f0b9c1a", Name: "hello", Description: "Says hello.",
		Plans: []openbroker.Plan{{ID: "7d1e24c5", Name: "free", Description: "Costs nothing."}},
	}}}, nil
}

// get prints the response of a URL.
func get(url string) {
	response, err := http.Get(url) //nolint:noctx // An example.
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body))
}

// quiet discards the logs of examples.
var quiet = slog.New(slog.DiscardHandler)

// A real program uses the context of SignalContext and prints the URL in OnReady.
func ExampleServe() {
	ctx, cancel := context.WithCancel(context.Background())
	err := server.Serve(ctx, helloBroker{}, server.Config{
		Address: "127.0.0.1:0",
		Logger:  quiet,
		OnReady: func(url string) {
			get(url + "/healthz")
			cancel() // In place of SIGTERM.
		},
	})
	fmt.Println("stopped:", err)
	// Output:
	// 200 {"status":"ok"}
	// stopped: <nil>
}

func ExampleServeMultiple() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := server.ServeMultiple(ctx, []openbroker.Broker{helloBroker{}, helloBroker{}}, server.Config{Logger: quiet})
	fmt.Println("refused:", err != nil) // Two services have the same id.
	// Output: refused: true
}

func ExampleNew() {
	s, err := server.New(helloBroker{}, server.Config{
		Address: "127.0.0.1:0",
		Logger:  quiet,
		ReadinessChecks: []server.ReadinessCheck{{Name: "database", Run: func(context.Context) error {
			return errors.New("connection refused") // It is only logged.
		}}},
		OnShutdown: []server.ShutdownHook{{Name: "database", Run: func(context.Context) error {
			fmt.Println("database closed")
			return nil
		}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- s.Serve(context.Background()) }()
	<-s.Ready()
	get(s.URL() + "/readyz")
	s.Stop()
	fmt.Println(<-done)
	// Output:
	// 503 {"status":"unavailable","checks":{"database":"failed"}}
	// database closed
	// <nil>
}

func ExampleNewForHandler() {
	broker := openbroker.NewHandler(helloBroker{}, openbroker.WithLogger(quiet))
	s, err := server.NewForHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			fmt.Fprint(w, `{"version":"1.0"}`)
			return
		}
		broker.ServeHTTP(w, r)
	}), server.Config{Address: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- s.Serve(context.Background()) }()
	<-s.Ready()
	get(s.URL() + "/version")
	s.Stop()
	fmt.Println(<-done)
	// Output:
	// 200 {"version":"1.0"}
	// <nil>
}

func ExampleCheckCatalog() {
	fmt.Println(server.CheckCatalog(context.Background(), helloBroker{}))
	err := server.CheckCatalog(context.Background(), openbroker.Unimplemented{})
	fmt.Println(strings.HasPrefix(err.Error(), "server: the catalog of the broker cannot be read"))
	// Output:
	// <nil>
	// true
}

func ExampleNewLogger() {
	logger, err := server.NewLogger(server.LogConfig{Format: server.LogJSON, Level: slog.LevelWarn})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(logger.Enabled(context.Background(), slog.LevelInfo))
	// Output: false
}

func ExampleSignalContext() {
	ctx, stop := server.SignalContext(context.Background())
	defer stop()
	err := server.Serve(ctx, helloBroker{}, server.Config{
		Address: "127.0.0.1:0",
		Logger:  quiet,
		OnReady: func(string) {
			// Like kill(1).
			if process, err := os.FindProcess(os.Getpid()); err == nil {
				_ = process.Signal(os.Interrupt)
			}
		},
	})
	fmt.Println(err)
	// Output: <nil>
}
