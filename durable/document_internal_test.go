package durable

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestSameObject(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"", "", true},
		{"", "{}", true},
		{"{}", ` { } `, true},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{`{"a":{"x":[1,{"y":2,"z":3}]}}`, `{"a":{"x":[1,{"z":3,"y":2}]}}`, true},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"a":"é"}`, `{"a":"\u00e9"}`, true},
		{`{"a":"<"}`, `{"a":"\u003c"}`, true},
		{`{"a":null}`, `{}`, false},
		{`{"a":1}`, `{"a":"1"}`, false},
		{`{"a":0}`, `{"a":false}`, false},
		// Numbers that a float64 cannot distinguish.
		{`{"a":12345678901234567890}`, `{"a":12345678901234567891}`, false},
		{`{"a":0.1000000000000000055}`, `{"a":0.1}`, false},
		{`{"a":1}`, `{"A":1}`, false},
		// Numbers are compared by value, exactly.
		{`{"a":1}`, `{"a":1.0}`, true},
		{`{"a":[{"b":100}]}`, `{"a":[{"b":1e2}]}`, true},
		{`{"a":100}`, `{"a":1.00E+2}`, true},
		{`{"a":1.5}`, `{"a":0.15e1}`, true},
		{`{"a":-0.0}`, `{"a":0e7}`, true},
		{`{"a":1}`, `{"a":-1}`, false},
		{`{"a":10}`, `{"a":1}`, false},
		{`{"a":12345678901234567890.0}`, `{"a":12345678901234567890}`, true},
		{`{"a":9007199254740993}`, `{"a":9007199254740992.0}`, false},
		{`{"a":1e400}`, `{"a":10e399}`, true},
		{`{"a":1e400}`, `{"a":1e401}`, false},
		{`{"a":1e99999999999999999999}`, `{"a":10e99999999999999999998}`, true},
		{`{"a":1e-99999999999999999999}`, `{"a":0}`, false},
		{`{"a":"1.0"}`, `{"a":"1"}`, false},
	} {
		a, b := object(test.a), object(test.b)
		if sameObject(a, b) != test.same || sameObject(b, a) != test.same {
			t.Errorf("%s and %s: same must be %v", a, b, test.same)
		}
	}
}

func TestMergeParameters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ present, update, want string }{
		{"", "", ""},
		{`{"a":1}`, "", `{"a":1}`},
		{"", `{"a":1}`, `{"a":1}`},
		{"", `{"a":null}`, `{}`},
		{`{"a":1,"b":2}`, `{"b":3}`, `{"a":1,"b":3}`},
		{`{"a":1,"b":2}`, `{"b": null }`, `{"a":1}`},
		{`{"a":{"x":1,"y":2}}`, `{"a":{"x":3}}`, `{"a":{"x":3}}`},
		{`{"a":null}`, `{"b":1}`, `{"a":null,"b":1}`},
		{`{"a":null}`, `{"a":null}`, `{}`},
		{`{"a":12345678901234567890}`, `{"b":1.50}`, `{"a":12345678901234567890,"b":1.50}`},
	} {
		var update openbroker.Parameters
		if test.update != "" {
			update = openbroker.Parameters(test.update)
		}
		got := mergeParameters(object(test.present), update)
		if string(got) != test.want {
			t.Errorf("%s and %s give %s, want %s", test.present, test.update, got, test.want)
		}
	}
}

func TestNamespace(t *testing.T) {
	t.Parallel()
	for context, want := range map[string]string{
		"": "",
		`{"platform":"cloudfoundry","namespace":"n"}`:               "",
		`{"platform":"kubernetes","namespace":"n","clusterid":"c"}`: `"c" "n"`,
		`{"platform":"kubernetes","namespace":7}`:                   "",
	} {
		if got := namespace(object(context)); got != want {
			t.Errorf("%s gives %q, want %q", context, got, want)
		}
	}
}

// For any objects, equality is reflexive, symmetric and independent of the
// encoding. A merge is repeatable, keeps all members that it does not name, and
// changes nothing if the update is empty.
func FuzzObjects(f *testing.F) {
	for _, seed := range [][2]string{
		{`{}`, `{}`},
		{`{"a":1,"b":{"c":[1,2,null]}}`, `{"a":null,"b":2}`},
		{`{"a":12345678901234567890}`, `{"a":1e400}`},
		{`{"a":null,"\u0000":"\ud800"}`, `{"":{"":""}}`},
		{`{"a":1,"a":2}`, `{"a":2}`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if !isJSONObject(a) || !isJSONObject(b) {
			t.Skip("the handler refuses what is no object")
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, a, "", "  "); err != nil {
			t.Fatal(err)
		}
		if !sameObject(a, a) || !sameObject(a, indented.Bytes()) || !sameObject(a, canonical(a)) {
			t.Errorf("%s is not the same as itself", a)
		}
		if sameObject(a, b) != sameObject(b, a) {
			t.Errorf("%s and %s are the same only in one direction", a, b)
		}
		if merged := mergeParameters(a, openbroker.Parameters(`{}`)); !sameObject(a, merged) {
			t.Errorf("an empty update changes %s to %s", a, merged)
		}
		merged := mergeParameters(a, b)
		if again := mergeParameters(merged, b); !sameObject(merged, again) {
			t.Errorf("%s, changed by %s, is %s, and %s when repeated", a, b, merged, again)
		}
		var before, changes, after map[string]object
		for _, decode := range []struct {
			raw  []byte
			into *map[string]object
		}{{a, &before}, {b, &changes}, {merged, &after}} {
			if err := json.Unmarshal(decode.raw, decode.into); err != nil {
				t.Fatal(err)
			}
		}
		for name := range before {
			if _, named := changes[name]; !named && !bytes.Equal(bytes.TrimSpace(before[name]), after[name]) && !sameValue(before[name], after[name]) {
				t.Errorf("%q was %s and is %s", name, before[name], after[name])
			}
		}
	})
}

// Two numbers have the same canonical text if and only if they are equal.
func FuzzNumbers(f *testing.F) {
	for _, seed := range [][2]string{{"1", "1.0"}, {"-0", "0.00"}, {"1e2", "100"}, {"0.10", "1E-1"}, {"12345678901234567890", "1.234567890123456789e19"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := rational(a), rational(b)
		if x == nil || y == nil {
			t.Skip("no numbers, or too large for the oracle")
		}
		for text, value := range map[string]*big.Rat{a: x, b: y} {
			c := string(canonicalNumber(text))
			if again := rational(c); again == nil || again.Cmp(value) != 0 || string(canonicalNumber(c)) != c {
				t.Errorf("%s is %s", text, c)
			}
		}
		if same := canonicalNumber(a) == canonicalNumber(b); same != (x.Cmp(y) == 0) {
			t.Errorf("%s and %s: same is %v", a, b, same)
		}
	})
}

// rational returns the value of a JSON number with a small exponent, or nil.
func rational(text string) *big.Rat {
	var number json.Number
	if json.Unmarshal([]byte(text), &number) != nil || number == "" || text[0] == '"' {
		return nil
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if exponent, err := strconv.Atoi(strings.TrimSpace(text[i+1:])); err != nil || max(exponent, -exponent) > 500 {
			return nil
		}
	}
	value, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	if !ok {
		return nil
	}
	return value
}

func isJSONObject(data []byte) bool {
	var object map[string]object
	return json.Unmarshal(data, &object) == nil && object != nil
}

func sameValue(a, b object) bool {
	wrap := func(v object) object { return append(append([]byte(`{"v":`), v...), '}') }
	return sameObject(wrap(a), wrap(b))
}
