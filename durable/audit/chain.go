package audit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Head is the last batch of a chain. Kept outside the store, it shows that the end of
// the chain was cut off.
type Head struct {
	Chain string `json:"chain"`
	Seq   int64  `json:"seq"`
	Hash  Hash   `json:"hash"`
}

// A Hash is a SHA-256, in hexadecimal in JSON.
type Hash []byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h) }

// MarshalText implements [encoding.TextMarshaler].
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *Hash) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Next returns the head after a batch of records. The order of the records does not
// matter.
func (h Head) Next(records ...*Record) Head {
	documents := make([]document, len(records))
	for i, r := range records {
		documents[i] = document{r.Act.ID, r.Document}
	}
	return Head{Chain: h.Chain, Seq: h.Seq + 1, Hash: hash(h.Hash, documents)}
}

type document struct {
	id   string
	text []byte
}

// hash is the SHA-256 of the hash before, followed by the SHA-256 of each document, in
// the order of their ids as bytes. pgstore computes the same in SQL.
func hash(before Hash, documents []document) Hash {
	slices.SortFunc(documents, func(a, b document) int { return cmp.Compare(a.id, b.id) })
	all := sha256.New()
	all.Write(before)
	for _, d := range documents {
		sum := sha256.Sum256(d.text)
		all.Write(sum[:])
	}
	return all.Sum(nil)
}

// A Link is a part of a chain, for a [Verifier]: a record of a batch, or a batch
// without the record.
type Link struct {
	Chain string
	Seq   int64
	// Batch is nil if the store does not have the batch of the record.
	Batch *Batch
	// Record is nil if the store has no record of the batch. Its Act has the columns by
	// which the store finds it, unless Action is empty.
	Record *Record
}

// A Batch is what a store keeps of the entries of a transaction.
type Batch struct {
	At      time.Time
	Entries int
	Hash    Hash
}

// A Fault is a place where a chain is broken.
type Fault struct {
	Chain string `json:"chain"`
	Seq   int64  `json:"seq"`
	// ID is that of the entry, or empty.
	ID      string `json:"id,omitempty"`
	Problem string `json:"problem"`
}

// A Verifier checks chains.
type Verifier struct {
	// Entries counts the entries of the chains, Erased those among them without their
	// names.
	Entries, Erased int
	// Unchained counts the entries from before there were chains, which nothing protects.
	Unchained int
	// Heads are the heads of the chains, by their names.
	Heads map[string]Head
	// Seals are the entries that say that others were deleted.
	Seals []Act
	// Losses are the entries that say that an older state of the store was taken, with
	// ActionRestore or ActionAdopt: entries from after it are lost.
	Losses []Act
	// Faults are those found.
	Faults []Fault

	// erasures is how many entries lost their names by the command that records it.
	erasures int
	// seals are the last heads of what was deleted. missing are faults unless a seal
	// covers them, and first are the first batches of chains without a beginning.
	seals   map[string]Head
	missing []Fault
	first   []firstBatch

	known     map[string]map[int64]Hash
	expected  []expectation
	head      Head
	seq       int64
	batch     *Batch
	documents []document
}

// A firstBatch is the first batch of a chain whose beginning is missing.
type firstBatch struct {
	head      Head
	documents []document
}

// An expectation is a head that was seen outside the store, or in another chain.
type expectation struct {
	head  Head
	where string
}

// Expect makes the verifier check that the store has a head. where says where it was
// seen. Call it before Close.
func (v *Verifier) Expect(head Head, where string) {
	v.expected = append(v.expected, expectation{head, where})
}

// Add adds a link. The links must be ordered by chain and sequence number.
func (v *Verifier) Add(l Link) error {
	if l.Chain == "" {
		return v.addUnchained(l)
	}
	if l.Chain != v.head.Chain || l.Seq != v.seq {
		v.endBatch()
		if l.Chain != v.head.Chain {
			v.endChain()
			v.head = Head{Chain: l.Chain}
		}
		for missing := v.head.Seq + 1; missing < l.Seq; missing++ {
			v.head.Seq = missing
			if left := l.Seq - missing; left > maxMissing {
				v.miss(l.Seq-1, fmt.Sprintf("it and the %d batches before it are missing", left-1))
				break
			}
			v.miss(missing, "the batch is missing")
		}
		v.seq, v.batch = l.Seq, l.Batch
		if l.Batch == nil {
			v.miss(l.Seq, "the batch is missing, but has entries")
		}
	}
	if l.Record == nil {
		return nil
	}
	return v.entry(l.Record)
}

// addUnchained counts an entry from before there were chains. Later ones have a chain.
func (v *Verifier) addUnchained(l Link) error {
	if l.Record == nil {
		return nil
	}
	v.Unchained++
	if id := l.Record.Act.ID; !strings.HasPrefix(id, oldPrefix) {
		v.Faults = append(v.Faults, Fault{ID: id, Problem: "the entry has no chain"})
	}
	return nil
}

// oldPrefix begins the ids of entries from before there were chains.
const oldPrefix = "0"

// maxMissing bounds the list of missing batches.
const maxMissing = 20

func (v *Verifier) entry(r *Record) error {
	v.Entries++
	var act Act
	if err := json.Unmarshal(r.Document, &act); err != nil {
		v.fault(v.seq, r.Act.ID, "the entry is damaged: "+err.Error())
	}
	id := cmp.Or(r.Act.ID, act.ID)
	if act.ID != id {
		v.fault(v.seq, id, fmt.Sprintf("the entry belongs to %q", act.ID))
	}
	if c := &r.Act; c.Action != "" && (c.Action != act.Action || c.Platform != act.Platform || c.InstanceID != act.InstanceID || c.BindingID != act.BindingID) {
		v.fault(v.seq, id, "the columns by which the entry is found do not fit it")
	}
	v.documents = append(v.documents, document{id, r.Document})
	switch sum := sha256.Sum256(r.Names); {
	case r.Names == nil && act.NamesSHA256 != "":
		v.Erased++
	case r.Names != nil && hex.EncodeToString(sum[:]) != act.NamesSHA256:
		v.fault(v.seq, id, "the names were changed")
	}
	if act.Action == ActionErase {
		v.erasures += act.Count
	}
	if act.Action == ActionSeal {
		v.Seals = append(v.Seals, act)
	}
	if act.Action == ActionRestore || act.Action == ActionAdopt {
		v.Losses = append(v.Losses, act)
	}
	for _, head := range act.Heads {
		if act.Action == ActionSeal {
			v.seal(head)
			continue
		}
		v.Expect(head, fmt.Sprintf("the first entry of the chain %s", v.head.Chain))
	}
	return nil
}

func (v *Verifier) seal(head Head) {
	if v.seals == nil {
		v.seals = map[string]Head{}
	}
	if head.Seq > v.seals[head.Chain].Seq {
		v.seals[head.Chain] = head
	}
}

// miss is fault for what a seal can explain.
func (v *Verifier) miss(seq int64, problem string) {
	v.missing = append(v.missing, Fault{Chain: v.head.Chain, Seq: seq, Problem: problem})
}

func (v *Verifier) fault(seq int64, id, problem string) {
	v.Faults = append(v.Faults, Fault{Chain: v.head.Chain, Seq: seq, ID: id, Problem: problem})
}

func (v *Verifier) endBatch() {
	if v.batch == nil {
		v.head.Seq, v.documents = max(v.head.Seq, v.seq), nil
		return
	}
	switch next := hash(v.head.Hash, v.documents); {
	case v.batch.Entries != len(v.documents):
		v.fault(v.seq, "", fmt.Sprintf("the batch had %d entries, and has %d", v.batch.Entries, len(v.documents)))
	case bytes.Equal(next, v.batch.Hash):
	case v.head.Hash == nil && v.seq > 1:
		v.first = append(v.first, firstBatch{Head{Chain: v.head.Chain, Seq: v.seq, Hash: v.batch.Hash}, v.documents})
	default:
		v.fault(v.seq, "", changed)
	}
	// Go on with the stored hash, so that one fault is reported once.
	v.head.Seq, v.head.Hash = v.seq, v.batch.Hash
	if v.known == nil {
		v.known, v.Heads = map[string]map[int64]Hash{}, map[string]Head{}
	}
	if v.known[v.head.Chain] == nil {
		v.known[v.head.Chain] = map[int64]Hash{}
	}
	v.known[v.head.Chain][v.seq] = v.batch.Hash
	v.batch, v.documents = nil, nil
}

const changed = "an entry of the batch, or the batch before it, was changed"

// SortedHeads returns the heads, ordered by chain. Call it after Close.
func (v *Verifier) SortedHeads() []Head {
	heads := make([]Head, 0, len(v.Heads))
	for _, chain := range slices.Sorted(maps.Keys(v.Heads)) {
		heads = append(heads, v.Heads[chain])
	}
	return heads
}

func (v *Verifier) endChain() {
	if v.head.Hash != nil {
		v.Heads[v.head.Chain] = v.head
	}
}

// Close ends the verification. Heads and Faults are complete then.
func (v *Verifier) Close() {
	v.endBatch()
	v.endChain()
	for _, f := range v.first {
		v.head = f.head
		if seal := v.seals[f.head.Chain]; seal.Seq != f.head.Seq-1 || !bytes.Equal(hash(seal.Hash, f.documents), f.head.Hash) {
			v.fault(f.head.Seq, "", changed)
		}
	}
	for _, f := range v.missing {
		if f.Seq > v.seals[f.Chain].Seq {
			v.Faults = append(v.Faults, f)
		}
	}
	for _, e := range v.expected {
		if seal := v.seals[e.head.Chain]; e.head.Seq < seal.Seq || e.head.Seq == seal.Seq && bytes.Equal(e.head.Hash, seal.Hash) {
			continue // It was sealed, and cannot be compared.
		}
		v.head = Head{Chain: e.head.Chain}
		have, ok := v.known[e.head.Chain][e.head.Seq]
		switch {
		case !ok:
			v.fault(e.head.Seq, "", "the batch is missing: its hash is in "+e.where)
		case !bytes.Equal(have, e.head.Hash):
			v.fault(e.head.Seq, "", "the batch has another hash than in "+e.where)
		}
	}
	// A seal can have taken entries of erasures with it.
	if v.Erased > v.erasures && len(v.Seals) == 0 {
		v.Faults = append(v.Faults, Fault{Problem: fmt.Sprintf("%d entries lack their names, and only those of %d were erased by the command", v.Erased, v.erasures)})
	}
	slices.SortStableFunc(v.Faults, func(a, b Fault) int { return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Seq, b.Seq)) })
}

// MergeSeals returns the heads of a new seal: of chains that are sealed now, and of the
// others as in the document of the seal before, if there was one.
func MergeSeals(now []Head, before []byte) ([]Head, error) {
	merged := map[string]Head{}
	if before != nil {
		var act Act
		if err := json.Unmarshal(before, &act); err != nil {
			return nil, fmt.Errorf("audit: the last seal is damaged: %w", err)
		}
		for _, head := range act.Heads {
			merged[head.Chain] = head
		}
	}
	for _, head := range now {
		merged[head.Chain] = head
	}
	var heads []Head
	for _, chain := range slices.Sorted(maps.Keys(merged)) {
		heads = append(heads, merged[chain])
	}
	return heads, nil
}
