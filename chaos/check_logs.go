//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
)

// checkLogs searches the logs of the replicas for secrets.
func checkLogs(directory string, f *findings) {
	logs, err := filepath.Glob(filepath.Join(directory, "replica-*.log"))
	if err != nil || len(logs) == 0 {
		f.add(checkSecrets, "the replicas have no logs: %v", err)
	}
	for _, path := range logs {
		content, err := os.ReadFile(path) //nolint:gosec // The run made the directory.
		f.countItem(checkSecrets)
		if err != nil {
			f.add(checkSecrets, "%v", err)
		}
		for _, line := range bytes.Split(content, []byte("\n")) {
			if bytes.Contains(line, []byte(secretPrefix)) {
				f.add(checkSecrets, "%s has a credential in a line of %d bytes", path, len(line))
			}
		}
	}
}
