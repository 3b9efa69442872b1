package main

import (
	"context"
	"fmt"
	"os"

	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/server"
)

func main() {
	if err := run(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

func run() error {
	basic, err := auth.NewBasic(auth.Credential{Username: "admin", Password: os.Getenv("PASSWORD")})
	if err != nil {
		return err
	}
	ctx, stop := server.SignalContext(context.Background())
	defer stop()
	return server.Serve(ctx, newBroker(), server.Config{Address: "127.0.0.1:5000", Authenticator: basic})
}
