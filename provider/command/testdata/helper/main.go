// Command helper is the program that starts programs for the provider in the tests. In
// test binaries with the race detector each start would take five times as long.
package main

import (
	"os"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/command"
)

func main() {
	code, ran := provider.RunHelper([]provider.Definition{command.Definition}, os.Args[1:])
	if !ran {
		code = 2
	}
	os.Exit(code)
}
