package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// A Finding is one violation of a rule. The fields are those of the Finding of package
// catalog.
type Finding struct {
	Rule      *Rule
	Severity  Severity
	Platforms []Platform
	// At is the position; its file may be nil.
	At               tree.Place
	Pointer, Message string
	Uses             int
	Excerpt          string
	ExcerptColumn    int

	// hidden keeps the line of the file out of the excerpt.
	hidden bool
}

// File returns the name of the file; empty if it is unknown.
func (f *Finding) File() string {
	if f.At.File == nil {
		return ""
	}
	return f.At.File.Name
}

// Everywhere reports whether the finding is an error on every platform.
func (f *Finding) Everywhere() bool { return f.Severity == SeverityError && len(f.Platforms) == 0 }

func (r *Rule) finding(severity Severity, platforms []Platform, at *source.Place, message string) Finding {
	return Finding{
		Rule: r, Severity: severity, Platforms: platforms, At: at.At,
		Pointer: at.Pointer(), Message: excerpt.Printable(message),
	}
}

// Faults returns the findings about files that are not a catalog.
func Faults(s *source.Source) []Finding {
	faults := s.Faults()
	found := make([]Finding, len(faults))
	for i := range faults {
		rule := ruleByID(faults[i].Rule)
		severity, platforms := rule.On()
		found[i] = rule.finding(severity, platforms, faults[i].At, faults[i].Message)
		found[i].hidden = faults[i].Hidden
	}
	return finish(s, found)
}

// Undecodable returns the finding about a catalog that cannot be decoded, although it
// violates no decoding rule.
func Undecodable(s *source.Source, err error) []Finding {
	return finish(s, []Finding{ruleByID("type-object").finding(SeverityError, nil, s.Root(), fmt.Sprintf("the catalog cannot be decoded: %v", err))})
}

// finish sorts findings, and adds excerpts of their lines.
func finish(s *source.Source, found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File(), b.File()), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	found = counted(found)
	if s.Generated() {
		for i := range found {
			found[i].At = tree.Place{}
		}
		return found
	}
	quote(s, found)
	return found
}

// counted returns the findings without duplicates, which count as uses of the first one:
// a file with a schema, or a value with an anchor, may be used many times.
func counted(found []Finding) []Finding {
	type same struct {
		rule, message, file string
		line, column        int
	}
	known := map[same]int{}
	kept := found[:0]
	for _, f := range found {
		key := same{f.Rule.ID, f.Message, f.File(), f.At.Line, f.At.Column}
		if i, ok := known[key]; ok && f.At.Line > 0 {
			kept[i].Uses = max(kept[i].Uses, 1) + 1
			continue
		}
		known[key] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

// excerptWidth is how much of a line an excerpt shows, in characters.
const excerptWidth = 120

// quote gives findings excerpts of their lines, unless these may hold a secret.
func quote(s *source.Source, found []Finding) {
	// A whole catalog may be one line with many findings in it.
	var file *tree.File
	var number int
	var line []rune
	for i := range found {
		f := &found[i]
		if f.hidden || f.At.File == nil || f.At.Line < 1 || s.Hides(f.At.File, f.At.Line) {
			continue
		}
		if f.At.File != file || f.At.Line != number {
			file, number = f.At.File, f.At.Line
			line = []rune(excerpt.Printable(file.Line(number)))
		}
		if f.At.Column > len(line)+1 {
			continue
		}
		f.Excerpt, f.ExcerptColumn = excerpt.Window(line, f.At.Column, excerptWidth)
	}
}
