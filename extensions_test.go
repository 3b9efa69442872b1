package openbroker_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

// everywhere is a catalog with an extension field in each object.
const everywhere = `{"services":[{"id":"s","name":"s","description":"d","bindable":true,` +
	`"metadata":{"displayName":"S","x-metadata":1},` +
	`"dashboard_client":{"id":"c","secret":"secret","x-client":2},` +
	`"plans":[{"id":"p","name":"p","description":"d",` +
	`"metadata":{"costs":[{"amount":{"usd":1},"unit":"MONTHLY","x-cost":3}],"x-plan-metadata":4},` +
	`"free":false,"bindable":true,` +
	`"schemas":{"service_instance":{"create":{"parameters":{"$schema":"x","x":5},"x-schema":6},"x-instance":7},"service_binding":{"create":{"x-bind":8},"x-binding":9},"x-schemas":10},` +
	`"maintenance_info":{"version":"1.0.0","x-maintenance":11},` +
	`"x-plan":12}],` +
	`"x-service":{"b":13,"a":[null,1.50,"ü",12345678901234567890]}}],"x-catalog":null}`

func decodeCatalog(t *testing.T, text string) *openbroker.Catalog {
	t.Helper()
	catalog := new(openbroker.Catalog)
	if err := json.Unmarshal([]byte(text), catalog); err != nil {
		t.Fatal(err)
	}
	return catalog
}

// TestExtensionsSurvive: decoding and encoding keep every extension field unchanged,
// also the digits of numbers and the order of members.
func TestExtensionsSurvive(t *testing.T) {
	t.Parallel()
	catalog := decodeCatalog(t, everywhere)
	if encoded, err := json.Marshal(catalog); err != nil || string(encoded) != everywhere {
		t.Errorf("got\n%s, %v\nwant\n%s", encoded, err, everywhere)
	}
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) { return catalog, nil }})
	s.do(http.MethodGet, "/v2/catalog", "").wantBody(t, http.StatusOK, everywhere)
}

// TestOpaqueMetadata: platforms treat metadata as opaque, so a conventional field may
// have any type.
func TestOpaqueMetadata(t *testing.T) {
	t.Parallel()
	for _, metadata := range []string{
		`{"displayName":5,"shareable":"yes"}`, `{"imageUrl":{"a":[1]}}`, `{"bullets":"one","costs":{"amount":1}}`, `{"costs":[{"amount":"free"}],"displayName":null}`,
		`{"costs":[{"amount":{"usd":1e400},"unit":"x"}]}`,
	} {
		catalog := decodeCatalog(t, `{"services":[{"id":"s","metadata":`+metadata+`,"plans":[{"id":"p","metadata":`+metadata+`}]}]}`)
		encoded, err := json.Marshal(catalog)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(metadata, `,"displayName":null`, "", 1)
		if strings.Count(string(encoded), want) != 2 {
			t.Errorf("%s is lost in %s", metadata, encoded)
		}
	}
}

func TestExtensionsAreNoFields(t *testing.T) {
	t.Parallel()
	// Field names are case-sensitive, so these are extensions.
	text := `{"services":[{"id":"s","name":"s","description":"d","bindable":false,"plans":[],"ID":"other","Bindable":true}]}`
	catalog := decodeCatalog(t, text)
	if catalog.Services[0].Bindable || catalog.Services[0].ID != "s" {
		t.Errorf("got %+v", catalog.Services[0])
	}
	catalog.Services[0].Extensions = openbroker.Extensions{"id": json.RawMessage(`"stolen"`), "tags": json.RawMessage(`"x"`), "empty": nil}
	want := `{"services":[{"id":"s","name":"s","description":"d","bindable":false,"plans":[],"empty":null,"tags":"x"}]}`
	if encoded, err := json.Marshal(catalog); err != nil || string(encoded) != want {
		t.Errorf("got %s, %v", encoded, err)
	}
	catalog.Extensions = openbroker.Extensions{"x": json.RawMessage(`{`)}
	if _, err := json.Marshal(catalog); err == nil {
		t.Error("an extension that is not JSON is encoded")
	}
}

func TestCatalogDecodeErrors(t *testing.T) {
	t.Parallel()
	for text, part := range map[string]string{
		`[]`:                      "cannot unmarshal",
		`{"services":{}}`:         "services",
		`{"services":[{"id":5}]}`: "id",
		`{"services":[{"plans":[{"maintenance_info":{"version":1}}]}]}`: "maintenance_info: version",
		`{"services":[{"plans":[{"maximum_polling_duration":1.5}]}]}`:   "maximum_polling_duration",
		`{"services":[{"tags":[1]}]}`:                                   "tags",
		`{"services":`:                                                  "unexpected end",
	} {
		err := json.Unmarshal([]byte(text), new(openbroker.Catalog))
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v does not mention %q", text, err, part)
		}
	}
	// Decoding overwrites everything that an earlier decoding set.
	catalog := decodeCatalog(t, everywhere)
	if err := json.Unmarshal([]byte(`{"services":[]}`), catalog); err != nil || len(catalog.Services) > 0 || catalog.Extensions != nil {
		t.Errorf("got %+v, %v", catalog, err)
	}
}
