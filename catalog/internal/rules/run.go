package rules

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/openbroker/openbroker/catalog/internal/source"
)

// checked is a catalog as rules see it.
type checked struct {
	*source.Catalog

	analyse  sync.Once
	analysed []analysed
}

// Run returns the violations of all rules for the platforms, in the order of their
// positions; see [Rule.On].
func Run(s *source.Source, platforms ...Platform) []Finding {
	// Rules only read, so that they can run at the same time.
	c := &checked{Catalog: s.Catalog()}
	found := make([][]Finding, len(rules))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(rules)); i = next.Add(1) - 1 {
				found[i] = c.violations(&rules[i], platforms)
			}
		})
	}
	workers.Wait()
	return finish(s, slices.Concat(found...))
}

// Decoding returns the violations for which the catalog cannot be decoded.
func Decoding(s *source.Source) []Finding {
	c := &checked{Catalog: s.Catalog()}
	var found []Finding
	for i := range rules {
		if rules[i].decoding {
			found = append(found, c.violations(&rules[i], nil)...)
		}
	}
	return finish(s, found)
}

// maxFindings bounds the reported violations of one rule: a catalog of 32 MiB has room
// for millions, and a longer report helps no reader.
const maxFindings = 1000

// violations returns the violations of one rule.
func (c *checked) violations(r *Rule, platforms []Platform) []Finding {
	severity, objecting := r.On(platforms...)
	if r.check == nil || severity == "" {
		return nil
	}
	var found []Finding
	omitted := 0
	r.check(c, func(at *source.Place, format string, args ...any) {
		if len(found) == maxFindings {
			omitted++
			return
		}
		found = append(found, r.finding(severity, objecting, at, fmt.Sprintf(format, args...)))
	})
	if omitted > 0 {
		found[maxFindings-1].Message += fmt.Sprintf("; %d more violations of this rule are omitted", omitted)
	}
	return found
}
