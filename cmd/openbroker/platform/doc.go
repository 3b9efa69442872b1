// Package platform has the commands with which a person or a script stands in for
// a platform: target, catalog, provision, bind and the rest of docs/cli.md.
//
// It owns what these commands remember (targets and what was made on them, never
// credentials), how they wait, and how they print. The wire is that of package
// client; flags of the process and exit codes are turned into an exit by main.
package platform
