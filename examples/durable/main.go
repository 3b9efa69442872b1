// Command durable is a small broker on the operations engine, which resumes
// operations after a crash. docs/writing-a-broker.md explains it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "durable:", err)
		os.Exit(1)
	}
}

func run() error {
	password := os.Getenv("BROKER_PASSWORD")
	if password == "" {
		return errors.New("BROKER_PASSWORD is empty: set it to the password of the platform")
	}
	platform, err := auth.NewBasic(auth.Credential{Username: "platform", Password: password})
	if err != nil {
		return err
	}
	logger, err := server.NewLogger(server.LogConfig{})
	if err != nil {
		return err
	}
	ctx, stop := server.SignalContext(context.Background())
	defer stop()
	b, err := open(ctx, "data", logger)
	if err != nil {
		return err
	}
	err = server.Serve(ctx, b, server.Config{
		Address:         "127.0.0.1:8080",
		Authenticator:   platform,
		Logger:          logger,
		ReadinessChecks: []server.ReadinessCheck{{Name: "store", Run: b.Ping}},
	})
	return errors.Join(err, b.close())
}
