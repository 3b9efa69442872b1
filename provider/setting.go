package provider

import "github.com/openbroker/openbroker/internal/settings"

// Types of settings besides strings, booleans, int, int64, structs, slices, maps and
// types that implement encoding.TextUnmarshaler.
type (
	// A Secret is a string that is never shown: printing or logging it gives a
	// placeholder. Convert it to string to use it. Problems do not show the lines that it
	// is on. Plans cannot have secrets.
	Secret = settings.Secret
	// A URL is a string whose line problems do not show, because it may have a password.
	URL = settings.URL
	// A Path is the path of a file, absolute after decoding; in the configuration it is
	// relative to the file. Plans cannot have paths.
	Path = settings.Path
	// A Directory is a Path of a directory. It need not exist. The configuration is
	// refused if all users of the machine can change the directory.
	Directory = settings.Directory
	// A Duration is written as in Go: "15s", "1h30m". It is not negative. Convert it to
	// time.Duration to use it.
	Duration = settings.Duration
)
