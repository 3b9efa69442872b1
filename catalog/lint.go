package catalog

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Lint returns the violations of all rules, in the order of their places. If
// platforms are named, it leaves out what only others object to, and what they
// only misread is no error because others refuse it. If none are, it leaves out
// what the specification allows and some platform only misreads; see [Rule.On].
// Of a rule that is violated more than 1,000 times it returns the first 1,000,
// and the last of these says how many are left out.
func Lint(s *Source, platforms ...Platform) []Finding {
	// Rules only read, so that they can work at the same time.
	found := make([][]Finding, len(rules))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(rules)); i = next.Add(1) - 1 {
				found[i] = s.check(&rules[i], platforms)
			}
		})
	}
	workers.Wait()
	return s.finish(slices.Concat(found...))
}

// maxFindings is how many violations of one rule are reported: no one reads more,
// and a catalog of 32 MiB has room for millions.
const maxFindings = 1000

// check returns the violations of one rule.
func (s *Source) check(r *rule, platforms []Platform) []Finding {
	severity, objecting := r.On(platforms...)
	if r.check == nil || severity == "" {
		return nil
	}
	var found []Finding
	untold := 0
	r.check(s.checked(), func(at *place, format string, args ...any) {
		if len(found) == maxFindings {
			untold++
			return
		}
		found = append(found, r.violation(severity, objecting, at, fmt.Sprintf(format, args...)))
	})
	if untold > 0 {
		found[maxFindings-1].Message += fmt.Sprintf("; %d more violations of this rule are left out", untold)
	}
	return found
}

// finish sorts findings, and gives them the lines that they are about.
func (s *Source) finish(found Errors) Errors {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Position.File, b.Position.File),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column),
		)
	})
	found = counted(found)
	s.quote(found)
	return found
}

// counted returns the findings without those that are there already: a file with a
// schema, or a value with an anchor, may be used many times.
func counted(found Errors) Errors {
	type same struct {
		rule, message string
		at            Position
	}
	known := map[same]int{}
	kept := found[:0]
	for _, f := range found {
		key := same{f.Rule, f.Message, f.Position}
		if i, ok := known[key]; ok && f.Position.Line > 0 {
			kept[i].Uses = max(kept[i].Uses, 1) + 1
			continue
		}
		known[key] = len(kept)
		kept = append(kept, f)
	}
	return kept
}
