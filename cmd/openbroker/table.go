package main

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// A listing prints records: as a table for people, or as one JSON object per
// line for programs.
type listing[T any] struct {
	json   bool
	output io.Writer
	table  *tabwriter.Writer
	// titles and row are the columns of the table.
	titles []string
	row    func(T) []string
}

func (l *listing[T]) print(records []T) error {
	if l.json {
		encoder := json.NewEncoder(l.output)
		encoder.SetEscapeHTML(false)
		for i := range records {
			if err := encoder.Encode(records[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if l.table == nil {
		l.table = tabwriter.NewWriter(l.output, 0, 0, 2, ' ', 0)
		if err := l.line(l.titles); err != nil {
			return err
		}
	}
	for i := range records {
		if err := l.line(l.row(records[i])); err != nil {
			return err
		}
	}
	// Columns are as wide as those of the page, not of all that is to come.
	return l.table.Flush()
}

func (l *listing[T]) line(cells []string) error {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	_, err := io.WriteString(l.table, strings.TrimRight(strings.Join(cells, "\t"), "\t")+"\n")
	return err
}

// cell is a text for a table. What could confuse a terminal is quoted: ids and
// descriptions come from elsewhere.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// moment is a time for a table.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
