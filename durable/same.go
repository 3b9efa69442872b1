package durable

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/openbroker/openbroker"
)

// sameInstance compares the attributes that make a request identical. Names and
// annotations in the context may differ.
func sameInstance(a, b *instanceDetails) bool {
	return a.OrganizationGUID == b.OrganizationGUID && a.SpaceGUID == b.SpaceGUID &&
		namespace(a.Context) == namespace(b.Context) && sameObject(a.Parameters, b.Parameters)
}

func sameBinding(a, b *bindingDetails) bool {
	return a.PredecessorID == b.PredecessorID && a.AppGUID == b.AppGUID &&
		sameObject(a.BindResource, b.BindResource) && sameObject(a.Parameters, b.Parameters)
}

func namespace(context object) string {
	var c struct {
		Platform  string `json:"platform"`
		Namespace string `json:"namespace"`
		ClusterID string `json:"clusterid"`
	}
	if context == nil || json.Unmarshal(context, &c) != nil || c.Platform != openbroker.PlatformKubernetes {
		return ""
	}
	return fmt.Sprintf("%q %q", c.ClusterID, c.Namespace)
}

// sameObject compares JSON objects. It ignores order and white space, and compares
// numbers by value. An absent object equals an empty one.
func sameObject(a, b object) bool {
	return bytes.Equal(a, b) || bytes.Equal(canonical(a), canonical(b))
}

// canonical returns the same text for all equal objects.
func canonical(text object) []byte {
	value := map[string]any{}
	if len(text) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return text
		}
	}
	encoded, err := json.Marshal(canonicalValue(value)) // It sorts the keys.
	if err != nil {
		return text
	}
	return encoded
}

// canonicalValue replaces the numbers in value, and returns value.
func canonicalValue(value any) any {
	switch v := value.(type) {
	case json.Number:
		return canonicalNumber(string(v))
	case []any:
		for i := range v {
			v[i] = canonicalValue(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = canonicalValue(v[name])
		}
	}
	return value
}

// canonicalNumber returns the same text for all equal JSON numbers: 15e-1 for 1.5, 1.50
// and 0.15e1. It is exact for numbers of any length and exponent.
func canonicalNumber(text string) json.Number {
	mantissa, exponent := text, new(big.Int)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		exponent.SetString(text[i+1:], 10)
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	significant := strings.TrimRight(digits, "0")
	exponent.Add(exponent, big.NewInt(int64(len(digits)-len(significant)-len(fraction))))
	if negative {
		significant = "-" + significant
	}
	return json.Number(significant + "e" + exponent.String())
}
