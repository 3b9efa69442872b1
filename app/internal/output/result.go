package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/term"
)

// A Result is one document that a command prints.
type Result struct {
	// Value is encoded as JSON and YAML.
	Value any
	// Names are printed with -o name, one a line.
	Names []string
	// Title and Rows are the table of the text form: aligned, with the title, on a
	// terminal; with tabs and without the title in a pipe, for cut and awk.
	Title []string
	Rows  [][]string
	// Text replaces the table if it is not empty.
	Text string
}

// Print writes a result as text, JSON, YAML or names.
func (r *Result) Print(w io.Writer, format Format) error {
	switch format {
	case JSON:
		return WriteJSON(w, r.Value)
	case YAML:
		return WriteYAML(w, r.Value)
	case Name:
		return writeLines(w, r.Names)
	default:
		if r.Text != "" {
			_, err := io.WriteString(w, r.Text)
			return err
		}
		return r.table(w)
	}
}

func (r *Result) table(w io.Writer) error {
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = clean(row)
	}
	if IsTerminal(w) {
		return writeColumns(w, r.Title, rows, os.Getenv("NO_COLOR") == "")
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.Join(row, "\t")
	}
	return writeLines(w, lines)
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// WriteJSON writes a value as an indented JSON document.
func WriteJSON(w io.Writer, value any) error {
	encoded, err := encode(value)
	if err != nil {
		return err
	}
	_, err = w.Write(encoded)
	return err
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return escapeJSON(out.Bytes()), nil
}

// WriteYAML writes a value in YAML's block style, with the members that JSON has.
func WriteYAML(w io.Writer, value any) error {
	encoded, err := encode(value)
	if err != nil {
		return err
	}
	// JSON is YAML. Nodes keep the text of numbers.
	var document yaml.Node
	if err := yaml.Unmarshal(encoded, &document); err != nil {
		return err
	}
	blockStyle(&document)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

func blockStyle(node *yaml.Node) {
	if len(node.Content) > 0 || node.Kind == yaml.ScalarNode {
		node.Style = 0
	}
	for _, child := range node.Content {
		blockStyle(child)
	}
}

func writeLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
