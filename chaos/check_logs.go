//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
)

// checkLogs looks for secrets in the logs of the replicas.
func checkLogs(directory string, f *findings) {
	logs, err := filepath.Glob(filepath.Join(directory, "replica-*.log"))
	if err != nil || len(logs) == 0 {
		f.add(checkSecrets, "there are no logs to look at: %v", err)
	}
	for _, path := range logs {
		content, err := os.ReadFile(path) //nolint:gosec // In our own directory.
		f.look(checkSecrets)
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
