package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker/internal/tree"
	"github.com/openbroker/openbroker/server/config"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	encoded, err := config.Schema(providers(t))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// instance returns the document as editors validate it, with unresolved references.
func instance(t *testing.T, text []byte) any {
	t.Helper()
	node, err := tree.Parse("openbroker.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return node.Value()
}

func TestSchemaOfExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config", "providers", "upstream"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", name, "openbroker.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled(t).Validate(instance(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema and Parse accept the same documents.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for text, valid := range map[string]bool{
		"{}":                     true,
		"listen: :8080":          true,
		"listen: 8080":           false,
		"listen: ''":             false,
		"lisen: :8080":           false,
		"tls: {cert: a, key: b}": true,
		"tls: {cert: a}":         false,
		"store: sqlite:a":        true,
		"store: postgres://h/d":  true,
		"store: mysql://h":       false,
		"engine: {lease: 15s, replica: '${env:A}'}":             true,
		"engine: {lease: '${env:DURATION}'}":                    true,
		"engine: {lease: 1h30m}":                                true,
		"engine: {lease: '0'}":                                  true,
		"engine: {lease: 15}":                                   false,
		"engine: {lease: -15s}":                                 false,
		"engine: {lease: fast}":                                 false,
		"engine: {workers: 3}":                                  true,
		"engine: {workers: 0}":                                  false,
		"engine: {workers: 3.5}":                                false,
		"engine: {workers: '3'}":                                false,
		"engine: {workers: 99999999999}":                        false,
		"engine: {unbind_expired: true}":                        true,
		"engine: {unbind_expired: 'true'}":                      false,
		"log: {level: debug}":                                   true,
		"log: {level: loud}":                                    false,
		"log: {level: '${env:LEVEL}'}":                          true,
		"log: debug":                                            false,
		"log:":                                                  false,
		"auth: {basic: [{username: a, password: b}]}":           true,
		"auth: {basic: [{password: b}]}":                        false,
		"auth: {basic: {username: a}}":                          false,
		"auth: {proxy: [{peers: [10.1.2.3]}]}":                  true,
		"auth: {proxy: [{user_header: X-User}]}":                false,
		"auth: {proxy: [{peers: 10.1.2.3}]}":                    false,
		"policies: {plans: {x: {mode: synchronous}}}":           true,
		"policies: {plans: {x: {mode: sync}}}":                  false,
		"policies: {plans: [x]}":                                false,
		"catalog: {services: {x: {metadata: {a: [1]}}}}":        true,
		"catalog: {services: {x: {tags: [1]}}}":                 false,
		"provider: {sqlitefile: {}}":                            true,
		"provider: {mysql: {}}":                                 false,
		"provider: {}":                                          false,
		"provider: {sqlitefile: {directory: 5}}":                false,
		"provider: {sqlitefile: {create_delay: 5s}}":            true,
		"provider: {queue: {}}":                                 false,
		"provider: {queue: {url: u}}":                           true,
		"provider: {queue: {url: u, size: 0}}":                  false,
		"provider: {queue: {url: u, token: a}, sqlitefile: {}}": false,
		"providers: {}":                                         false,
		"providers: {blue: {sqlitefile: {}}, green: {sqlitefile: {directory: d}}}": true,
		"providers: {blue: {}}":                          false,
		"providers: {Blue: {sqlitefile: {}}}":            false,
		"providers: {blue: {sqlitefile: {directry: d}}}": false,
		"providers: [sqlitefile]":                        false,
		"[]":                                             false,

		"console: {operators: [a], oidc: {issuer: 'https://a', client_id: b}}":                                                true,
		"console: {operators: [a], oidc: {issuer: 'https://a', client_id: b, client_secret: '${env:A}', idle_timeout: 30m}}":  true,
		"console: {operators: ['group:a'], oidc: {issuer: 'https://a', client_id: b, scopes: [openid], groups_claim: roles}}": true,
		"console: {operators: [a], oidc: {issuer: 'https://a'}}":                                                              false,
		"console: {operators: [a], oidc: {client_id: b}}":                                                                     false,
		"console: {operators: [a], oidc: {issuer: 'https://a', client_id: b, scopes: openid}}":                                false,
		"console: {operators: [a], oidc: {issuer: 'https://a', client_id: b, idle_timeout: 30}}":                              false,
		"console: {operators: [a], oidc: {issuer: 'https://a', client_id: b, secret: c}}":                                     false,
		"console: {operators: [a], oidc: []}":                                                                                 false,
	} {
		_, err := config.Parse("c.yaml", []byte(text), environment(map[string]string{"A": "a", "DURATION": "1s", "LEVEL": "info"}), providers(t))
		if (err == nil) != valid {
			t.Errorf("%s: Parse returned %v", text, err)
		}
		if err := schema.Validate(instance(t, []byte(text))); (err == nil) != valid {
			t.Errorf("%s: the schema returned %v", text, err)
		}
	}
}

// Every field has a name and a description.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			check(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if seen[typ] || typ == reflect.TypeFor[config.Store]() || typ == reflect.TypeFor[config.Provider]() {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			field := typ.Field(i)
			if !field.IsExported() {
				continue
			}
			if doc := field.Tag.Get("doc"); field.Tag.Get("yaml") == "" || doc == "" || strings.HasSuffix(doc, ".") {
				t.Errorf("%s.%s: yaml %q, doc %q", typ, field.Name, field.Tag.Get("yaml"), doc)
			}
			check(field.Type)
		}
	}
	check(reflect.TypeFor[config.Config]())
}
