// Package parameters reads the parameters of requests for providers that know all of
// them by name.
package parameters

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/openbroker/openbroker"
)

// maxShown is how much of an unknown name an error shows.
const maxShown = 64

// The modes of bindings.
const (
	// ReadWrite is the default.
	ReadWrite = "rw"
	// ReadOnly is for applications that only read.
	ReadOnly = "ro"
)

// Fields returns the parameters by name. The error is [openbroker.ErrInvalidParameters]
// if a name is not among the known ones; case matters. It repeats the checks of the
// schemas in the catalog, for catalogs without them.
func Fields(p openbroker.Parameters, known ...string) (map[string]json.RawMessage, error) {
	var given map[string]json.RawMessage
	if err := p.Decode(&given); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(known, name) {
			continue
		}
		if len(name) > maxShown {
			name = name[:maxShown] + "..."
		}
		if len(known) == 0 {
			return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.%q is unknown: remove it, since this service has no parameters.", name)
		}
		return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.%q is unknown: the parameters are %q.", name, known)
	}
	return given, nil
}

// Mode returns the mode in the parameters of a binding; [ReadWrite] by default. known are
// the other parameters that the service has.
func Mode(p openbroker.Parameters, known ...string) (string, error) {
	given, err := Fields(p, append([]string{"mode"}, known...)...)
	if err != nil {
		return "", err
	}
	raw, ok := given["mode"]
	if !ok {
		return ReadWrite, nil
	}
	var mode *string
	if json.Unmarshal(raw, &mode) != nil || mode == nil || *mode != ReadWrite && *mode != ReadOnly {
		return "", openbroker.ErrInvalidParameters.WithDescription(`parameters.mode must be "rw" or "ro".`)
	}
	return *mode, nil
}
