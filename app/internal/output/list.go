package output

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
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
	case CSV:
		return l.table(records)
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

// table writes the columns as CSV (RFC 4180).
func (l *List[T]) table(records []T) error {
	w := csv.NewWriter(l.Out)
	if !l.begun {
		_ = w.Write(l.Titles) // Its error is that of Flush.
	}
	l.begun = true
	for i := range records {
		row := l.Row(records[i])
		for j := range row {
			row[j] = harmless(row[j])
		}
		_ = w.Write(row)
	}
	w.Flush()
	return w.Error()
}

// harmless keeps spreadsheets from taking a text of a client as a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
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
