// The command webhook is a receiver for the webhook provider of openbroker, with the
// standard library only. docs/webhook-provider.md has the contract.
//
// An instance is a folder, and a binding is a token in it. A plan whose settings have
// "seconds" takes that long: the receiver accepts the request with a 202 and a Location,
// where the broker asks for the answer.
//
//	WEBHOOK_SECRETS="whsec_..." webhook DIRECTORY [PORT]
package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) < 2 {
		return errors.New("usage: webhook DIRECTORY [PORT]")
	}
	directory, err := filepath.Abs(os.Args[1])
	if err != nil {
		return err
	}
	var keys [][]byte
	for text := range strings.FieldsSeq(os.Getenv("WEBHOOK_SECRETS")) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
		if err != nil {
			return errors.New("WEBHOOK_SECRETS has a secret that is not whsec_ and base64")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return errors.New("WEBHOOK_SECRETS is empty: set it to the secrets of the broker")
	}
	if err := os.MkdirAll(directory, 0o700); err != nil { //nolint:gosec // G703: the operator chooses it.
		return err
	}
	port := "9000"
	if len(os.Args) > 2 {
		port = cmp.Or(os.Args[2], port)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	server := &http.Server{
		Handler:           &receiver{keys: keys, folders: folders(directory), jobs: map[string]*job{}},
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	return server.Serve(listener)
}
