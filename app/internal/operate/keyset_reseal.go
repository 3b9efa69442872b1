package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/seal"
)

// keysetFlags are the flags that name the keyset, and the store that it encrypts.
type keysetFlags struct {
	setup.Flags
	keyset string
	force  bool
}

// addStore adds the flags of commands that read the store.
func (f *keysetFlags) addStore(set *pflag.FlagSet) {
	set.StringVar(&f.Config, "config", "", "configuration `FILE` of the broker")
	set.StringVar(&f.Data, "data", "", "data `DIRECTORY` of the broker (default ./"+setup.DefaultData+")")
	set.StringVar(&f.Store, "store", "", "`STORE` of the broker: sqlite:PATH or postgres://... (default openbroker.db in the data directory)")
}

// open opens the keyset, and the store, which a broker may be using. explicit means that
// --keyset was set, mustDecrypt that the keyset must decrypt the store.
func (f *keysetFlags) open(ctx context.Context, explicit, mustDecrypt bool) (admin.Store, *seal.Keyring, error) {
	settings, err := f.Settings()
	if err != nil {
		return nil, nil, err
	}
	var ring *seal.Keyring
	if explicit {
		ring, err = seal.Load(f.keyset, seal.AllowGroupRead())
	} else {
		ring, err = setup.ConfiguredKeyset(settings, string(settings.Data))
	}
	if err != nil {
		return nil, nil, err
	}
	store, err := setup.AttachStore(ctx, settings.Store, string(settings.Data))
	if err != nil {
		return nil, nil, err
	}
	canary, err := store.Setting(ctx, durable.CanarySetting)
	switch {
	case errors.Is(err, durable.ErrNotFound):
		err = nil
	case err != nil:
	case mustDecrypt:
		err = setup.WrongKeyset(durable.VerifyCanary(ring, canary))
	default:
		err = checkKeyPresent(ring, canary)
	}
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, ring, nil
}

// checkKeyPresent returns an error if the keyset lacks the key of a canary. The key may
// be disabled.
func checkKeyPresent(ring *seal.Keyring, canary []byte) error {
	id, _ := seal.KeyID(canary)
	for _, key := range ring.Keys() {
		if key.ID == id {
			return nil
		}
	}
	return fmt.Errorf("wrong keyset: it lacks key %d, which has encrypted the store", id)
}

// path returns the keyset file to change. explicit means that --keyset was set.
func (f *keysetFlags) path(explicit bool) (string, error) {
	if explicit {
		return f.keyset, nil
	}
	settings, err := f.Settings()
	if err != nil {
		return "", err
	}
	path := setup.KeysetPath(settings.Encryption, string(settings.Data))
	if path == "" {
		return "", errors.New("the configuration contains the keyset: name the file that it comes from with --keyset")
	}
	return path, nil
}

func newKeysetReseal(flags *keysetFlags, stdout io.Writer, stderr output.Messages) *cobra.Command {
	var format output.Flag
	var by attribution
	command := &cobra.Command{
		Example: "  openbroker keyset reseal",
		Use:     "reseal", Short: "Encrypt all records with the primary key", Args: cobra.NoArgs,
		Long: `Encrypt all records with the primary key, and remove encrypted data of operations that
have ended. The broker may keep running if all replicas have loaded the keyset. You can
interrupt the command and start it again: it continues where it was.

Afterwards no record needs the other keys, and you can disable and delete them.`,
		RunE: func(command *cobra.Command, _ []string) error {
			return exit.AsFailure(reseal(command.Context(), flags, command.Flags().Changed("keyset"), &by, format.Format, stdout, stderr))
		},
	}
	flags.addStore(command.Flags())
	by.addOptional(command)
	format.Add(command, output.Text, output.JSON, output.YAML)
	return command
}

func reseal(ctx context.Context, flags *keysetFlags, explicit bool, by *attribution, format output.Format, stdout io.Writer, stderr output.Messages) (err error) {
	store, ring, err := flags.open(ctx, explicit, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	done, err := admin.Reseal(ctx, store, ring, showProgress(stderr, "resealed"))
	r := resealed{Resealed: done.Resealed, Removed: done.Removed}
	if err == nil {
		r.Keys, err = neededKeys(ctx, store, ring)
	}
	if done.Resealed+done.Removed > 0 {
		err = errors.Join(err, by.record(ctx, store, audit.ActionReseal, "with the primary key"))
	}
	result := output.Result{Value: r, Text: r.text()}
	return errors.Join(err, result.Print(stdout, format)) // An error does not undo the work so far.
}

// resealed is the result of reseal, with the number of records that need each key.
type resealed struct {
	Resealed int         `json:"resealed"`
	Removed  int         `json:"removed"`
	Keys     []neededKey `json:"keys,omitempty"`
}

type neededKey struct {
	seal.Key
	Records int `json:"records"`
}

func neededKeys(ctx context.Context, store admin.Store, ring *seal.Keyring) ([]neededKey, error) {
	counts, err := admin.CountByKey(ctx, store)
	if err != nil {
		return nil, err
	}
	var keys []neededKey
	for _, key := range ring.Keys() {
		keys = append(keys, neededKey{key, counts[key.ID]})
	}
	return keys, nil
}

func (r *resealed) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d values encrypted again, %d values of ended operations removed\n", r.Resealed, r.Removed)
	for _, key := range r.Keys {
		primary := ""
		if key.Primary {
			primary = ", primary"
		}
		fmt.Fprintf(&text, "key %d: %s%s, needed by %d records\n", key.ID, key.Status, primary, key.Records)
	}
	return text.String()
}

// showProgress returns a function that prints the progress of a walk over all records,
// at most once a second.
func showProgress(stderr output.Messages, done string) func(admin.SealProgress) {
	const pause = time.Second
	var last time.Time
	return func(p admin.SealProgress) {
		if now := time.Now(); now.Sub(last) >= pause {
			last = now
			stderr.Complain("read %d values, %s %d", p.Values, done, p.Resealed)
		}
	}
}

// checkUnused returns an error if records need the key, unless --force is set.
func (f *keysetFlags) checkUnused(ctx context.Context, explicit bool, id uint32) (err error) {
	if f.force {
		return nil
	}
	store, _, err := f.open(ctx, explicit, false)
	if err != nil {
		return fmt.Errorf("look for records that need the key: name the store with --config, --data or --store, or use --force: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	counts, err := admin.CountByKey(ctx, store)
	if err != nil {
		return err
	}
	if n := counts[id]; n > 0 {
		return fmt.Errorf("key %d is needed by %d records, which the broker could not decrypt without it: run openbroker keyset reseal first", id, n)
	}
	return nil
}
