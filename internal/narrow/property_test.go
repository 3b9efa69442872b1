package narrow_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker/internal/narrow"
)

// compile returns nil if the schema is invalid for its draft.
func compile(schema any) *jsonschema.Schema {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text(schema)))
	if err != nil {
		return nil
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		return nil
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return nil
	}
	return compiled
}

func accepts(schema *jsonschema.Schema, value any) bool { return schema.Validate(value) == nil }

// An outcome is the result for one pair of schemas.
type outcome struct{ valid, cleared, refused bool }

// checkPair makes a pair of schemas. If there are no findings, it checks values with an
// independent validator.
func checkPair(t *testing.T, seed uint64) (result outcome) {
	t.Helper()
	const values = 60
	names := slices.Sorted(maps.Keys(drafts))
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), draft: names[seed%uint64(len(names))]}
	before := g.root()
	after := before
	if g.IntN(10) == 0 {
		after = g.root()
	}
	for range g.IntN(4) {
		after, _ = g.change(after).(object)
	}
	if g.IntN(10) == 0 {
		after = maps.Clone(after)
		after["$schema"] = drafts[pick(g, names)]
	}
	old, fresh := compile(before), compile(after)
	if old == nil || fresh == nil {
		return result
	}
	result.valid = true
	result.cleared = len(new(narrow.Comparer).Find([]byte(text(before)), []byte(text(after)))) == 0
	for range values {
		value := decoded(text(g.value(3)))
		if accepts(old, value) && !accepts(fresh, value) {
			result.refused = true
			if result.cleared {
				t.Fatalf("pair %d: there are no findings, but %s is refused\nbefore %s\nafter  %s", seed, text(value), text(before), text(after))
			}
		}
	}
	return result
}

// A schema without findings refuses no value that was accepted. The comparison is useful: it
// clears most of the pairs that no value distinguishes.
func TestNoFindingMeansNoRefusal(t *testing.T) {
	t.Parallel()
	const pairs = 2_000
	compared, cleared, harmless := 0, 0, 0
	for seed := range uint64(pairs) {
		switch result := checkPair(t, seed); {
		case !result.valid:
			continue
		case result.cleared:
			cleared++
			fallthrough
		case !result.refused:
			harmless++
		}
		compared++
	}
	t.Logf("%d pairs: %d cleared of %d that no value distinguishes", compared, cleared, harmless)
	if compared < pairs/2 || cleared < harmless*2/3 {
		t.Errorf("%d of %d pairs compared, %d cleared of %d", compared, pairs, cleared, harmless)
	}
}

// FuzzFind checks more pairs than a test can.
func FuzzFind(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(func(t *testing.T, seed uint64) { checkPair(t, seed) })
}

// decoded decodes a value for the validator.
func decoded(text string) any {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	return value
}
