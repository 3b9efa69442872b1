package output

import (
	"encoding/json"
	"io"
)

// A List prints records page by page: as an aligned table with titles, as one JSON
// object a line, or as names.
type List[T any] struct {
	Format Format
	Out    io.Writer
	// Titles and Row are the columns of the table. Without titles it has no first line.
	Titles []string
	Row    func(T) []string
	// Name is for -o name. A list without it does not offer that format.
	Name func(T) string

	begun bool
}

// Print writes one page. The columns are as wide as this page needs, not as the
// whole list does. A first page without records prints the titles.
func (l *List[T]) Print(records []T) error {
	switch l.Format {
	case JSON:
		return l.objects(records)
	case Name:
		names := make([]string, len(records))
		for i := range records {
			names[i] = l.Name(records[i])
		}
		return writeLines(l.Out, names)
	default:
		rows := make([][]string, len(records))
		for i := range records {
			for _, text := range l.Row(records[i]) {
				rows[i] = append(rows[i], Cell(text))
			}
		}
		titles := l.Titles
		if l.begun {
			titles = nil
		}
		l.begun = true
		return writeColumns(l.Out, titles, rows, false)
	}
}

func (l *List[T]) objects(records []T) error {
	for i := range records {
		if err := WriteLine(l.Out, records[i]); err != nil {
			return err
		}
	}
	return nil
}

// WriteLine writes a value as JSON in one line.
func WriteLine(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
