package seal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/seal"
)

func ExampleKeyring() {
	keyset, err := seal.GenerateKeyset() // Do this once, and keep the keyset in a secret store.
	if err != nil {
		fmt.Println(err)
		return
	}
	keyring, err := seal.Parse(keyset)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := keyring.Seal([]byte(`{"password":"s3cret"}`), seal.AssociatedData("binding", "default", "b1", "credentials"))
	if err != nil {
		fmt.Println(err)
		return
	}
	opened, err := keyring.Open(sealed, seal.AssociatedData("binding", "default", "b1", "credentials"))
	fmt.Println(string(opened), err)

	_, err = keyring.Open(sealed, seal.AssociatedData("binding", "default", "b2", "credentials"))
	fmt.Println(errors.Is(err, seal.ErrOpen))
	// Output:
	// {"password":"s3cret"} <nil>
	// true
}

func ExampleKeyring_VerifyCanary() {
	directory, err := os.MkdirTemp("", "seal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)

	keyring, err := seal.LoadOrCreate(filepath.Join(directory, "keyset.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	canary, err := keyring.Canary() // stored in the database from the beginning
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(keyring.VerifyCanary(canary))

	other, err := seal.LoadOrCreate(filepath.Join(directory, "other.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(errors.Is(other.VerifyCanary(canary), seal.ErrWrongKeyset))
	// Output:
	// <nil>
	// true
}

func ExampleRotateKey() {
	directory, err := os.MkdirTemp("", "seal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "keyset.json")
	keyring, err := seal.Create(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := keyring.Seal([]byte("state"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	if _, err := seal.RotateKey(path); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := keyring.Reload(nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("needs to be sealed again:", keyring.NeedsReseal(sealed))
	if sealed, err = keyring.Reseal(sealed, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("needs to be sealed again:", keyring.NeedsReseal(sealed))
	// Output:
	// needs to be sealed again: true
	// needs to be sealed again: false
}

func ExampleKeyring_Watch() {
	directory, err := os.MkdirTemp("", "seal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "keyset.json")
	keyring, err := seal.Create(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, err := seal.AddKey(path); err != nil {
		fmt.Println(err)
		return
	}
	// The check accepts the changed keyset, and ends the example.
	keyring.Watch(ctx, func(candidate *seal.Keyring) error {
		fmt.Println("keys:", len(candidate.Keys()))
		cancel()
		return nil
	}, slog.New(slog.DiscardHandler))
	fmt.Println("keys in use:", len(keyring.Keys()))
	// Output:
	// keys: 2
	// keys in use: 2
}
