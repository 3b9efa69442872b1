package main

import (
	"encoding/json"
	"net/http"
	"testing"

	catalogs "github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// The linter has no findings in the catalog of the example.
func TestCatalogIsClean(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(newPlatform(t).send(http.MethodGet, "/v2/catalog", "", http.StatusOK))
	if err != nil {
		t.Fatal(err)
	}
	s, err := catalogs.ParseResponse("filedb", http.StatusOK, nil, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lint.Run(s) {
		t.Error(f.Text())
	}
}
