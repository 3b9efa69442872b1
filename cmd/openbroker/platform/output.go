package platform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"
	"golang.org/x/term"
)

// Streams are the three streams of a process. Only results go to Out.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// isTerminal reports whether a person looks at w.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// A format is how a result is printed.
type format string

const (
	asText format = ""
	asJSON format = "json"
	asYAML format = "yaml"
	asName format = "name"
)

func addFormat(command *cobra.Command, f *format) {
	command.Flags().StringVarP((*string)(f), "output", "o", "", "print the result as `FORMAT`: text, json, yaml or name (default text)")
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "yaml", "name"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *format) check() error {
	switch *f {
	case "text":
		*f = asText
	case asText, asJSON, asYAML, asName:
	default:
		return usage("--output %s is unknown: use text, json, yaml or name", *f)
	}
	return nil
}

// A result is what a command prints.
type result struct {
	// value is encoded as JSON and YAML.
	value any
	// names are printed with -o name, one a line.
	names []string
	// title and rows are the table of the text form.
	title []string
	rows  [][]string
}

func (s Streams) print(f format, r result) error {
	switch f {
	case asJSON:
		encoded, err := encode(r.value)
		if err != nil {
			return err
		}
		_, err = s.Out.Write(encoded)
		return err
	case asYAML:
		encoded, err := encode(r.value)
		if err != nil {
			return err
		}
		return writeYAML(s.Out, encoded)
	case asName:
		for _, name := range r.names {
			if _, err := fmt.Fprintln(s.Out, name); err != nil {
				return err
			}
		}
		return nil
	default:
		return s.table(r.title, r.rows)
	}
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

// writeYAML turns JSON, which is YAML, into the block style. Numbers stay the text
// that they are.
func writeYAML(w io.Writer, encoded []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(encoded, &document); err != nil {
		return err
	}
	var block func(*yaml.Node)
	block = func(node *yaml.Node) {
		if len(node.Content) > 0 || node.Kind == yaml.ScalarNode {
			node.Style = 0
		}
		for _, child := range node.Content {
			block(child)
		}
	}
	block(&document)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// table prints columns: aligned, with a title, on a terminal; with tabs and without
// the title in a pipe, for cut and awk.
func (s Streams) table(title []string, rows [][]string) error {
	var out strings.Builder
	if !isTerminal(s.Out) {
		for _, row := range rows {
			out.WriteString(strings.Join(clean(row), "\t") + "\n")
		}
		_, err := io.WriteString(s.Out, out.String())
		return err
	}
	all := make([][]string, 0, len(rows)+1)
	if len(title) > 0 {
		all = append(all, title)
	}
	for _, row := range rows {
		all = append(all, clean(row))
	}
	writeColumns(&out, all, len(title) > 0 && os.Getenv("NO_COLOR") == "")
	_, err := io.WriteString(s.Out, out.String())
	return err
}

// writeColumns pads cells by the width that a terminal gives them: wide characters
// take two columns.
func writeColumns(out *strings.Builder, rows [][]string, bold bool) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	for number, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell)+2))
			}
		}
		text := strings.TrimRight(line.String(), " ")
		if bold && number == 0 {
			text = "\x1b[1m" + text + "\x1b[0m"
		}
		out.WriteString(text + "\n")
	}
}

func clean(cells []string) []string {
	cells = slices.Clone(cells)
	for i, cell := range cells {
		if cells[i] = printable(cell); cell == "" {
			cells[i] = "-"
		}
	}
	return cells
}

// note tells the person something that is no result.
func (s Streams) note(format string, args ...any) {
	_, _ = fmt.Fprintln(s.Err, "openbroker: "+printable(fmt.Sprintf(format, args...)))
}
