package simulator_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/simulator"
)

// Invalid parameters are refused with a description of the valid ones, and have
// no effect.
func TestWrongParameters(t *testing.T) {
	t.Parallel()
	b := start(t)
	var texts strings.Builder
	for _, parameters := range []string{
		`{"delay":3}`,
		`{"delay":"soon"}`,
		`{"delay":"-1s"}`,
		`{"delay":"61m"}`,
		`{"fault":"drop"}`,
		`{"fault":[]}`,
		`{"fault":{}}`,
		`{"fault":{"drop":false}}`,
		`{"fault":{"status":500,"drop":true}}`,
		`{"fault":{"sttaus":500}}`,
		`{"fault":{"status":"500"}}`,
		`{"fault":{"status":99}}`,
		`{"fault":{"status":600}}`,
		`{"fault":{"status":null}}`,
		`{"fault":{"status":204,"description":"x"}}`,
		`{"fault":{"status":204,"error":"x"}}`,
		`{"fault":{"status":204,"retry_after":"1s"}}`,
		`{"fault":{"status":500,"retry_after":1}}`,
		`{"fault":{"on":"catalog","drop":true}}`,
		`{"fault":{"on":5,"drop":true}}`,
		`{"fault":{"times":0,"drop":true}}`,
		`{"fault":{"times":"often","drop":true}}`,
		`{"fault":{"times":101,"drop":true}}`,
		`{"fault":{"state":"succeeded"}}`,
		`{"fault":{"state":"failed","instance_usable":"no"}}`,
		`{"fault":{"drop":true,"instance_usable":false}}`,
		`{"fault":{"drop":true,"update_repeatable":false}}`,
		`{"fault":{"panic":"yes"}}`,
		`{"fault":{"malformed":"xml"}}`,
		`{"fault":{"malformed":false}}`,
		`{"fault":{"malformed":true,"after":true}}`,
		`{"fault":{"slow":"11m"}}`,
		`{"fault":{"slow":"1s","part":"tail"}}`,
		`{"fault":{"drop":true,"part":"body"}}`,
		`{"fault":{"wrong_state":""}}`,
		`{"fault":{"wrong_state":"` + strings.Repeat("x", 201) + `"}}`,
		`{"fault":{"drop":true,"plan":"sync"}}`,
		`{"fault":{"drop":true,"skip":1}}`,
	} {
		a := b.expect(400, "PUT", instance("i"), bodyOf(plain, `"parameters":`+parameters))
		if a.field("error") != "InvalidParameters" {
			t.Errorf("%s: %s", parameters, a.text)
		}
		texts.WriteString(shorten(parameters) + "\n    " + a.field("description") + "\n")
	}
	b.expect(404, "GET", instance("i"), "")
	b.expect(201, "PUT", instance("i"), bodyOf(plain, ""))
	for _, c := range []struct{ method, path, parameters string }{
		{"PATCH", instance("i"), `{"fault":{"on":"provision","drop":true}}`},
		{"PATCH", instance("i"), `{"delay":true}`},
		{"PUT", binding("i"), `{"fault":{"on":"update","drop":true}}`},
		{"PUT", binding("i"), `{"delay":[]}`},
	} {
		a := b.expect(400, c.method, c.path, bodyOf(plain, `"parameters":`+c.parameters))
		texts.WriteString(c.method + " " + c.parameters + "\n    " + a.field("description") + "\n")
	}
	golden(t, "wrong_parameters.txt", texts.String())
}

func shorten(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// Plans without a schema accept any other parameters. An update can remove a
// behaviour.
func TestOtherParameters(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(201, "PUT", instance("i"), bodyOf(plain, `"parameters":{"Delay":1,"faults":{},"x":{"fault":1},"delay":null,"fault":null}`))
	b.expect(200, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"fault":{"on":"deprovision","status":500,"times":"always"}}`))
	b.expect(500, "DELETE", instance("i")+deletion(plain), "")
	b.expect(200, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"fault":null}`))
	b.expect(200, "DELETE", instance("i")+deletion(plain), "")
}

// docs/simulate.md lists the plans of the catalog.
func TestCatalog(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.expect(200, "GET", "/v2/catalog", "")
	var indented strings.Builder
	encoder := json.NewEncoder(&indented)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(json.RawMessage(a.text)); err != nil {
		t.Fatal(err)
	}
	golden(t, "catalog.json", indented.String())
	manual, err := os.ReadFile(filepath.Join("..", "docs", "simulate.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range simulator.Catalog().Services[0].Plans {
		if row := "| `" + plan.Name + "` | `" + plan.ID + "` |"; !strings.Contains(string(manual), row) {
			t.Errorf("docs/simulate.md has no row %s", row)
		}
	}
	if !strings.Contains(string(manual), simulator.ServiceID) {
		t.Error("docs/simulate.md does not have the id of the service")
	}
}

// FuzzDecodeFault shows that a decoded fault can be encoded and decoded again.
func FuzzDecodeFault(f *testing.F) {
	for _, c := range faultCases {
		text, err := json.Marshal(c.fault)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Add([]byte(`{"on":"bind","times":"always","state":"failed","instance_usable":false}`), false)
	f.Add([]byte(`{"plan":"sync","skip":3,"times":7,"slow":"3s","part":"headers"}`), true)
	f.Add([]byte(`{"wrong_state":true}`), true)
	f.Fuzz(func(t *testing.T, data []byte, ofControl bool) {
		fault, err := simulator.DecodeFault(data, ofControl)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fault") || len(err.Error()) > 2000 {
				t.Errorf("the error does not begin with the path: %v", err)
			}
			return
		}
		text, err := json.Marshal(fault)
		if err != nil {
			t.Fatal(err)
		}
		again, err := simulator.DecodeFault(text, ofControl)
		if err != nil || !reflect.DeepEqual(again, fault) {
			t.Errorf("%s is decoded to %+v, %v; want %+v", text, again, err, fault)
		}
	})
}
