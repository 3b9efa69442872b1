package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server/config"
)

// lastCatalogName is the file in the data directory with the catalog that was served
// last. With it, a restart refuses the same changes as a running process.
const lastCatalogName = "catalog.json"

// LastCatalog returns the catalog that was served last, or fs.ErrNotExist if none was
// stored.
func LastCatalog(settings *config.Config) (*openbroker.Catalog, error) {
	path := LastCatalogPath(settings)
	content, err := os.ReadFile(path) //nolint:gosec // G304: the operator chooses the directory.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	last := new(openbroker.Catalog)
	if err == nil {
		err = json.Unmarshal(content, last)
	}
	if err == nil {
		err = last.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%s, the catalog that was served last, cannot be used: remove the file if no instance needs what has changed since: %w", path, err)
	}
	return last, nil
}

// LastCatalogPath returns the file of LastCatalog.
func LastCatalogPath(settings *config.Config) string {
	return filepath.Join(string(settings.Data), lastCatalogName)
}
