package setup

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// DefaultData is the data directory if neither a flag nor the configuration names one.
const DefaultData = "openbroker-data"

// Flags are those of serve. The commands for operators have some of them.
type Flags struct {
	Config, Listen, Data, Store string
	NewStore                    bool
	Providers                   *provider.Set
	// parsedStore is the value of store.
	parsedStore config.Store
}

// Check validates the flags.
func (f *Flags) Check(set *pflag.FlagSet) (err error) {
	f.parsedStore, err = CheckFlags(set, f.Listen, f.Store)
	return err
}

// CheckFlags validates the flags that several commands share, and returns the value
// of --store. It refuses an empty value, which usually comes from an unset variable of a
// script: the default would be a surprise.
func CheckFlags(set *pflag.FlagSet, listen, store string) (parsed config.Store, err error) {
	set.Visit(func(flag *pflag.Flag) {
		if flag.Value.String() == "" {
			err = fmt.Errorf("--%s is empty", flag.Name)
		}
	})
	if err != nil {
		return parsed, err
	}
	if listen != "" {
		if err := config.CheckListen(listen); err != nil {
			return parsed, fmt.Errorf("--listen %w", err)
		}
	}
	if store != "" {
		if err := parsed.UnmarshalText([]byte(store)); err != nil {
			return parsed, fmt.Errorf("--store %w", err)
		}
		if err := config.CheckStore(parsed); err != nil {
			return parsed, fmt.Errorf("--store %w", err)
		}
	}
	return parsed, nil
}

// Settings returns the configuration, with the flags in place of its values.
func (f Flags) Settings() (*config.Config, error) { return f.Read(config.Load) }

// Read is Settings with the function that loads the file.
func (f Flags) Read(load func(string, *provider.Set) (*config.Config, error)) (*config.Config, error) {
	settings := config.Default(f.Providers)
	if f.Config != "" {
		var err error
		if settings, err = load(f.Config, f.Providers); err != nil {
			return nil, err
		}
	}
	if f.Listen != "" {
		settings.Listen = f.Listen
	}
	if f.Data != "" {
		settings.Data = config.Path(f.Data)
	}
	if settings.Data == "" {
		settings.Data = DefaultData
	}
	if f.Store != "" {
		settings.Store = f.parsedStore
	}
	return settings, nil
}

// CheckFiles validates the files of the configuration and the data directory, which
// may come from a flag.
func CheckFiles(settings *config.Config) error {
	if err := settings.CheckFiles(); err != nil {
		return err
	}
	if err := config.CheckDirectory(string(settings.Data)); err != nil {
		return fmt.Errorf("the data directory is refused: %w", err)
	}
	return nil
}

// ParseStore parses Store, if it is set.
func (f *Flags) ParseStore() error {
	if f.Store == "" {
		return nil
	}
	if err := f.parsedStore.UnmarshalText([]byte(f.Store)); err != nil {
		return fmt.Errorf("--store %w", err)
	}
	return nil
}

// NeedsStore returns an error if the configuration describes a process without records.
func NeedsStore(settings *config.Config) error {
	if settings.Upstream == nil {
		return nil
	}
	return errors.New("the configuration passes calls on (upstream) and keeps no records: use the broker behind it")
}
