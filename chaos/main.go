//go:build unix

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// The exit statuses.
const (
	exitViolation = 1
	exitUsage     = 2
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "replica" {
		if err := runReplica(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "replica:", err)
			exit(exitViolation)
		}
		return
	}
	s, err := parseSettings(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "chaos:", err)
		exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	passed, err := run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if err != nil || !passed {
		exit(exitViolation)
	}
}

func exit(status int) {
	os.Exit(status)
}
