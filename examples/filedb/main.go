// Command filedb is a service broker for SQLite databases. broker.go has the broker;
// this file serves it. The README shows its use with curl.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/server"
)

func main() {
	listen := flag.String("listen", server.DefaultAddress, "host:port to listen on")
	dir := flag.String("dir", "filedb-data", "directory of the databases")
	flag.Parse()
	if err := run(*listen, *dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	basic, err := login(dir)
	if err != nil {
		return err
	}
	ctx, stop := server.SignalContext(context.Background())
	defer stop()
	return server.Serve(ctx, &broker{dir: dir}, server.Config{Address: listen, Authenticator: basic})
}

// login returns an authenticator for the credential in the environment. Without one,
// the password is in the file "password", which the first start creates.
func login(dir string) (*auth.Basic, error) {
	password := os.Getenv("OPENBROKER_PASSWORD")
	if password == "" {
		file := filepath.Join(dir, "password")
		kept, err := os.ReadFile(file) //nolint:gosec // The operator names the directory.
		if errors.Is(err, fs.ErrNotExist) {
			kept = []byte(rand.Text())
			err = errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(file, kept, 0o600))
		}
		if err != nil {
			return nil, err
		}
		password = string(kept)
	}
	return auth.NewBasic(auth.Credential{Username: cmp.Or(os.Getenv("OPENBROKER_USERNAME"), "admin"), Password: password})
}
