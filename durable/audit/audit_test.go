package audit_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/audit"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

// record returns an entry, whose names do not change from run to run.
func record(t *testing.T, id string) *audit.Record {
	t.Helper()
	r, err := audit.NewRecord(audit.Act{ID: id, At: at, Action: audit.ActionBind, Outcome: audit.OutcomeAccepted, Reason: "<why>"}, audit.Names{Actor: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A chain of four batches, of which the third has three entries.
func chain(t *testing.T, name string) []audit.Link {
	t.Helper()
	var links []audit.Link
	head := audit.Head{Chain: name}
	for seq, ids := range [][]string{{"1"}, {"2"}, {"5", "3", "4"}, {"6"}} {
		var records []*audit.Record
		for _, id := range ids {
			records = append(records, record(t, id))
		}
		head = head.Next(records...)
		for _, r := range records {
			links = append(links, audit.Link{Chain: name, Seq: int64(seq + 1), Batch: &audit.Batch{At: at, Entries: len(records), Hash: head.Hash}, Record: r})
		}
	}
	return links
}

func verify(t *testing.T, links []audit.Link, seen ...audit.Head) *audit.Verifier {
	t.Helper()
	v := &audit.Verifier{}
	for _, head := range seen {
		v.Expect(head, "the log")
	}
	for _, l := range links {
		if err := v.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	v.Close()
	return v
}

func TestVerify(t *testing.T) {
	t.Parallel()
	document := func(l *audit.Link, old, changed string) {
		r := *l.Record
		if r.Document = bytes.Replace(r.Document, []byte(old), []byte(changed), 1); bytes.Equal(r.Document, l.Record.Document) {
			panic("nothing was changed")
		}
		l.Record = &r
	}
	for name, c := range map[string]struct {
		change func(links []audit.Link) []audit.Link
		// want are the numbers of the batches that the faults name, and the problems.
		seqs     []int64
		problems string
	}{
		"intact":             {func(l []audit.Link) []audit.Link { return l }, nil, ""},
		"another order":      {func(l []audit.Link) []audit.Link { l[2], l[3] = l[3], l[2]; return l }, nil, ""},
		"nothing":            {func([]audit.Link) []audit.Link { return nil }, nil, ""},
		"a changed entry":    {func(l []audit.Link) []audit.Link { document(&l[1], "accepted", "repeated"); return l }, []int64{2}, "was changed"},
		"a renamed entry":    {func(l []audit.Link) []audit.Link { document(&l[1], `"id":"2"`, `"id":"7"`); return l }, []int64{2, 2}, `belongs to "7"; `},
		"a damaged entry":    {func(l []audit.Link) []audit.Link { document(&l[1], "{", ""); return l }, nil, "is damaged"},
		"a missing entry":    {func(l []audit.Link) []audit.Link { return slices.Delete(l, 3, 4) }, []int64{3}, "had 3 entries, and has 2"},
		"an added entry":     {func(l []audit.Link) []audit.Link { l[3].Record = record(t, "7"); return l }, []int64{3}, "was changed"},
		"a missing batch":    {func(l []audit.Link) []audit.Link { return slices.Delete(l, 1, 2) }, []int64{2, 3}, "the batch is missing; an entry of the batch, or the batch before it"},
		"batches missing":    {func(l []audit.Link) []audit.Link { return l[5:] }, []int64{1, 2, 3, 4}, "missing"},
		"without its entry":  {func(l []audit.Link) []audit.Link { l[1].Record = nil; return l }, []int64{2}, "had 1 entries, and has 0"},
		"without its batch":  {func(l []audit.Link) []audit.Link { l[1].Batch = nil; return l }, []int64{2, 3}, "but has entries"},
		"a hash that is new": {func(l []audit.Link) []audit.Link { l[0].Batch.Hash = bytes.Repeat([]byte{1}, 32); return l }, []int64{1, 2}, "was changed"},
		"changed names": {func(l []audit.Link) []audit.Link {
			l[1].Record.Names = bytes.Replace(l[1].Record.Names, []byte("ada"), []byte("eve"), 1)
			return l
		}, []int64{2}, "the names were changed"},
		"names erased behind its back": {func(l []audit.Link) []audit.Link { l[1].Record.Names = nil; return l }, []int64{0}, "only those of 0 were erased"},
		"names erased by the command": {func(l []audit.Link) []audit.Link {
			l[1].Record.Names = nil
			r, err := audit.NewRecord(audit.Act{ID: "9", Action: audit.ActionErase, Count: 1}, audit.Names{})
			if err != nil {
				t.Fatal(err)
			}
			return append(l, audit.Link{Chain: "d", Seq: 1, Batch: &audit.Batch{Entries: 1, Hash: audit.Head{Chain: "d"}.Next(r).Hash}, Record: r})
		}, nil, ""},
		"added names": {func([]audit.Link) []audit.Link {
			r, err := audit.NewRecord(audit.Act{ID: "2"}, audit.Names{})
			if err != nil {
				t.Fatal(err)
			}
			head := audit.Head{Chain: "c"}.Next(r)
			r.Names = []byte(`{}`)
			return []audit.Link{{Chain: "c", Seq: 1, Batch: &audit.Batch{Entries: 1, Hash: head.Hash}, Record: r}}
		}, []int64{1}, "the names were changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verify(t, c.change(chain(t, "c")))
			var seqs []int64
			var problems []string
			for _, f := range v.Faults {
				seqs = append(seqs, f.Seq)
				problems = append(problems, f.Problem)
			}
			if name == "a damaged entry" {
				seqs = nil
			}
			if diff := cmp.Diff(c.seqs, seqs); diff != "" {
				t.Errorf("batches (-want +got):\n%s\n%q", diff, problems)
			}
			if text := strings.Join(problems, "; "); !strings.Contains(text, c.problems) || c.problems == "" && text != "" {
				t.Errorf("problems %q, want %q", text, c.problems)
			}
		})
	}
}

// The end of a chain was cut off, or a whole chain: only a head that was kept elsewhere
// shows it. Another chain keeps heads, too.
func TestVerifyHeads(t *testing.T) {
	t.Parallel()
	links := chain(t, "c")
	head := verify(t, links).Heads["c"]
	if head.Seq != 4 {
		t.Fatalf("head %+v", head)
	}
	if v := verify(t, links, head); len(v.Faults) > 0 {
		t.Errorf("%+v", v.Faults)
	}
	witness, err := audit.NewRecord(audit.Act{ID: "9", Action: audit.ActionBeginChain, Heads: []audit.Head{head}}, audit.Names{})
	if err != nil {
		t.Fatal(err)
	}
	other := audit.Link{Chain: "d", Seq: 1, Batch: &audit.Batch{Entries: 1, Hash: audit.Head{Chain: "d"}.Next(witness).Hash}, Record: witness}
	if v := verify(t, append(slices.Clone(links), other)); len(v.Faults) > 0 || len(v.SortedHeads()) != 2 {
		t.Errorf("%+v", v)
	}
	for name, v := range map[string]*audit.Verifier{
		"cut off, seen in the log":         verify(t, links[:5], head),
		"removed, seen in the log":         verify(t, nil, head),
		"cut off, seen in another chain":   verify(t, append(slices.Clone(links[:5]), other)),
		"removed, seen in another chain":   verify(t, []audit.Link{other}),
		"another hash, seen in the log":    verify(t, chain(t, "c"), audit.Head{Chain: "c", Seq: 4, Hash: bytes.Repeat([]byte{1}, 32)}),
		"another number, seen in the log ": verify(t, links, audit.Head{Chain: "c", Seq: 5, Hash: head.Hash}),
	} {
		if len(v.Faults) != 1 || v.Faults[0].Chain != "c" {
			t.Errorf("%s: %+v", name, v.Faults)
		}
	}
}

// What was sealed may be missing, and nothing else. Entries of operations stay.
func TestVerifySealed(t *testing.T) {
	t.Parallel()
	links := chain(t, "c")
	head := func(seq int64) audit.Head {
		for _, l := range links {
			if l.Seq == seq {
				return audit.Head{Chain: "c", Seq: seq, Hash: l.Batch.Hash}
			}
		}
		panic("no such batch")
	}
	seal := func(heads ...audit.Head) audit.Link {
		r, err := audit.NewRecord(audit.Act{ID: "9", Action: audit.ActionSeal, Heads: heads}, audit.Names{})
		if err != nil {
			t.Fatal(err)
		}
		return audit.Link{Chain: "d", Seq: 1, Batch: &audit.Batch{Entries: 1, Hash: audit.Head{Chain: "d"}.Next(r).Hash}, Record: r}
	}
	wrong := audit.Head{Chain: "c", Seq: 2, Hash: bytes.Repeat([]byte{1}, 32)}
	kept := links[1]
	kept.Batch = nil
	for name, c := range map[string]struct {
		links []audit.Link
		seen  []audit.Head
		want  []int64
	}{
		"sealed":                      {append(slices.Clone(links[2:]), seal(head(2))), nil, nil},
		"sealed, and seen":            {append(slices.Clone(links[2:]), seal(head(2))), []audit.Head{head(1), head(2), head(4)}, nil},
		"with an operation":           {append([]audit.Link{kept}, append(slices.Clone(links[2:]), seal(head(2)))...), nil, nil},
		"sealed twice":                {append(slices.Clone(links[5:]), seal(head(2), head(3))), nil, nil},
		"not sealed":                  {slices.Clone(links[2:]), nil, []int64{1, 2, 3}},
		"more is missing":             {append(slices.Clone(links[5:]), seal(head(2))), nil, []int64{3, 4}},
		"another hash is sealed":      {append(slices.Clone(links[2:]), seal(wrong)), nil, []int64{3}},
		"another hash was seen":       {append(slices.Clone(links[2:]), seal(head(2))), []audit.Head{wrong}, []int64{2}},
		"the first batch was changed": {append(append([]audit.Link{}, links[3:]...), seal(head(2))), nil, []int64{3}},
	} {
		v := verify(t, c.links, c.seen...)
		var got []int64
		for _, f := range v.Faults {
			got = append(got, f.Seq)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%+v", name, diff, v.Faults)
		}
	}
}

func TestMergeSeals(t *testing.T) {
	t.Parallel()
	before := []byte(`{"heads":[{"chain":"a","seq":1,"hash":"01"},{"chain":"b","seq":1,"hash":"01"}]}`)
	got, err := audit.MergeSeals([]audit.Head{{Chain: "c", Seq: 2, Hash: audit.Hash{3}}, {Chain: "a", Seq: 2, Hash: audit.Hash{2}}}, before)
	want := []audit.Head{{Chain: "a", Seq: 2, Hash: audit.Hash{2}}, {Chain: "b", Seq: 1, Hash: audit.Hash{1}}, {Chain: "c", Seq: 2, Hash: audit.Hash{3}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	if _, err := audit.MergeSeals(nil, []byte("{")); err == nil {
		t.Error("a damaged seal was accepted")
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	// Computed in Python.
	r := &audit.Record{Act: audit.Act{ID: "1"}, Document: []byte("a")}
	head := audit.Head{Chain: "c"}.Next(r).Next(&audit.Record{Act: audit.Act{ID: "3"}, Document: []byte("c")}, &audit.Record{Act: audit.Act{ID: "2"}, Document: []byte("b")})
	text, err := json.Marshal(head)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"chain":"c","seq":2,"hash":"75f827619e82369a18d2271e0f555d43f72fa2c3075002c60e069cb608130ed1"}`
	if string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	var back audit.Head
	if err := json.Unmarshal(text, &back); err != nil || !cmp.Equal(head, back) {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	var last string
	for i := range 10_000 {
		id := audit.NewID(at.Add(time.Duration(i) * 100 * time.Microsecond))
		if id <= last || len(id) != 26 {
			t.Fatalf("%q after %q", id, last)
		}
		last = id
	}
	if id := audit.IDAt(at); audit.NewID(at) < id || audit.NewID(at.Add(-time.Millisecond)) > id {
		t.Errorf("%q is not the least id", id)
	}
}

// The names of a caller have no more of the originating identity than a name and an id.
func TestNamesOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		platform, value string
		want            *audit.User
	}{
		"Cloud Foundry": {"cloudfoundry", `{"user_id":"u1","token":"secret"}`, &audit.User{ID: "u1"}},
		"Kubernetes":    {"kubernetes", `{"username":"ada","uid":"u1","groups":["g"],"extra":{"scopes":["secret"]}}`, &audit.User{ID: "u1", Name: "ada"}},
		"another one":   {"sapservicemanager", `{"username":"ada@example.com"}`, &audit.User{Name: "ada@example.com"}},
		"empty":         {"x", `{}`, nil},
		"other types":   {"x", `{"user_id":1,"username":["a"]}`, nil},
		"long":          {"x", `{"user_id":"` + long + `"}`, &audit.User{ID: long[:256]}},
		"long, 2 bytes": {"x", `{"user_id":"x` + strings.Repeat("é", 500) + `"}`, &audit.User{ID: "x" + strings.Repeat("é", 127)}},
		"long, 4 bytes": {"x", `{"user_id":"` + strings.Repeat("😀", 500) + `"}`, &audit.User{ID: strings.Repeat("😀", 64)}},
		"NUL":           {"x", `{"user_id":"a\u0000b"}`, &audit.User{ID: "a\uFFFDb"}},
	} {
		names := audit.NamesOf(&openbroker.Caller{
			Principal: openbroker.Principal{Name: "cf", Method: "basic"},
			Identity:  &openbroker.OriginatingIdentity{Platform: c.platform, Value: json.RawMessage(c.value)},
		})
		if diff := cmp.Diff(audit.Names{Actor: "cf", Method: "basic", UserPlatform: c.platform, User: c.want}, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"id":"1","at":"2026-01-02T03:04:05Z","heads":[{"chain":"c","seq":1,"hash":"00"}]}`), []byte(`{"actor":"ada"}`))
	f.Add([]byte(`{`), []byte(nil))
	f.Fuzz(func(_ *testing.T, document, names []byte) {
		r := &audit.Record{Document: document, Names: names}
		_, _ = r.Entry()
		v := &audit.Verifier{}
		_ = v.Add(audit.Link{Chain: "c", Seq: 1, Batch: &audit.Batch{}, Record: r})
		v.Close()
	})
}
