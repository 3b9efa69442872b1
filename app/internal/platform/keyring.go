package platform

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/zalando/go-keyring"
)

const (
	keyringService = "openbroker"
	// keyringTimeout is short, because a keyring without a desktop waits for its user to
	// unlock it.
	keyringTimeout = time.Second
	// keyringVariable set to "off" switches the keyring off.
	keyringVariable = "OPENBROKER_KEYRING"
)

// A vault stores passwords outside of files. Tests replace it.
type vault interface {
	set(account, secret string) error
	get(account string) (string, error)
	remove(account string) error
}

// systemVault is the keyring of the operating system.
type systemVault struct{}

func (systemVault) set(account, secret string) error {
	return keyring.Set(keyringService, account, secret)
}

func (systemVault) get(account string) (string, error) { return keyring.Get(keyringService, account) }

func (systemVault) remove(account string) error { return keyring.Delete(keyringService, account) }

// timedVault is a vault whose calls have a time limit: the keyring may ask the user to
// unlock it.
type timedVault struct {
	vault
	limit time.Duration
}

func (p timedVault) do(work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	timer := time.NewTimer(p.limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("the keyring did not respond within %v", p.limit)
	}
}

func (p timedVault) set(account, secret string) error {
	return p.do(func() error { return p.vault.set(account, secret) })
}

func (p timedVault) get(account string) (secret string, err error) {
	// A channel, because the goroutine may outlive the call.
	found := make(chan string, 1)
	err = p.do(func() error {
		value, err := p.vault.get(account)
		found <- value
		return err
	})
	if err == nil {
		secret = <-found
	}
	return secret, err
}

func (p timedVault) remove(account string) error {
	return p.do(func() error { return p.vault.remove(account) })
}

// noVault is used if the keyring is switched off.
type noVault struct{}

var errNoKeyring = errors.New(keyringVariable + "=off switches the keyring off")

func (noVault) set(string, string) error   { return errNoKeyring }
func (noVault) get(string) (string, error) { return "", errNoKeyring }
func (noVault) remove(string) error        { return errNoKeyring }

func newVault() vault {
	if os.Getenv(keyringVariable) == "off" {
		return noVault{}
	}
	return timedVault{systemVault{}, keyringTimeout}
}
