package main

import (
	"encoding/json"
	"net/http"
	"testing"

	catalogs "github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// What the example serves is a catalog that no platform has anything against.
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
