package output

import (
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// writeColumns writes aligned columns below their titles. It pads cells by the width
// that a terminal gives them: wide characters take two columns.
func writeColumns(w io.Writer, title []string, rows [][]string, bold bool) error {
	titled := len(title) > 0
	if titled {
		rows = slices.Insert(slices.Clone(rows), 0, title)
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	var out strings.Builder
	for number, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell)+2))
			}
		}
		text := strings.TrimRight(line.String(), " ")
		if titled && bold && number == 0 {
			text = "\x1b[1m" + text + "\x1b[0m"
		}
		out.WriteString(text + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// clean makes cells printable, and an empty one visible.
func clean(cells []string) []string {
	cells = slices.Clone(cells)
	for i, cell := range cells {
		if cells[i] = Printable(cell); cell == "" {
			cells[i] = "-"
		}
	}
	return cells
}
