package conformance

import "runtime/debug"

const modulePath = "github.com/openbroker/openbroker"

// moduleVersion returns the name of this module with its version, as the Go
// toolchain recorded it in the program.
func moduleVersion() string {
	const name = "openbroker"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name
	}
	module := &info.Main
	for _, dependency := range info.Deps {
		if dependency.Path == modulePath {
			module = dependency
		}
	}
	if module.Path != modulePath || module.Version == "" {
		return name
	}
	return name + " " + module.Version
}
