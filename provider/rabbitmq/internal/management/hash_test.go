package management_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

// The form is that of the server; that it takes it is a test of package rabbitmq.
func TestHashPassword(t *testing.T) {
	t.Parallel()
	const password = "A1b2"
	seen := map[string]bool{}
	for range 100 {
		hash := management.HashPassword(password)
		raw, err := base64.StdEncoding.DecodeString(hash)
		if err != nil || len(raw) != 4+sha256.Size {
			t.Fatalf("%s has %d bytes, %v", hash, len(raw), err)
		}
		if sum := sha256.Sum256([]byte(string(raw[:4]) + password)); string(sum[:]) != string(raw[4:]) || strings.Contains(hash, password) || seen[hash] {
			t.Fatalf("%s is not the hash, or not new", hash)
		}
		seen[hash] = true
	}
}
