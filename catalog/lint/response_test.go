package lint_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/catalogtest"
	"github.com/openbroker/openbroker/catalog/lint"
)

// A response is always read as a catalog in JSON. Positions refer to the indented body.
func TestParseResponse(t *testing.T) {
	t.Parallel()
	const url = "https://broker.example.com/v2/catalog"
	header := http.Header{"Content-Type": {"application/json"}}
	for name, c := range map[string]struct{ body, want string }{
		"one line":      {`{"services":[{"id":1}]}`, url + ":4:13: error: id must be a string, not a number [type-string]"},
		"a service":     {`{"id":"a","name":"b","plans":[]}`, url + ":1:1: error: the catalog has no services [services-missing]"},
		"YAML":          {"services: []\n", url + ":1:1: error: the file is not valid JSON"},
		"duplicate":     {`{"services":[],"services":[]}`, url + ":3:3: error: services is already on line 2 [duplicate-key]"},
		"cut off":       {`{"services":[`, url + ":1:14: error: the file is not valid JSON: unexpected end of JSON input [syntax]"},
		"empty":         {``, url + ":1:1: error: the file is empty [syntax]"},
		"null":          {`null`, url + ":1:1: error: a catalog must be an object, not null [type-object]"},
		"a $file":       {`{"services":[{"plans":[{"schemas":{"service_instance":{"create":{"parameters":{"$file":"/etc/passwd"}}}}}]}]}`, "error: $file cannot be used in a catalog that is not a file [file-reference]"},
		"not UTF-8":     {"{\"services\":[{\"name\":\"\xff\"}]}", "error: the file is not UTF-8: save it in that encoding [syntax]"},
		"indented huge": {`{"x":` + strings.Repeat("[", 190) + strings.Repeat("0,", 100_000) + "0" + strings.Repeat("]", 190) + `}`, url + ":1:1: error: the catalog has no services [services-missing]"},
		"a null member": {`{"services":null}`, url + ":1:1: error: the catalog has no services [services-missing]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text string
			if s, err := catalog.ParseResponse(url, http.StatusOK, header, []byte(c.body)); err != nil {
				text = catalogtest.Problems(t, err).Error()
			} else {
				text = catalog.Errors(lint.Run(s)).Error()
			}
			if !strings.Contains(text, c.want) {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}
