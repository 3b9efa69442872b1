package output_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/output"
)

func TestTextsCannotDriveATerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain ä 漢字 🙂":                "plain ä 漢字 🙂",
		"\x1b[2J\x1b]0;title\x07":     `\u001b[2J\u001b]0;title\u0007`,
		"over\rwritten\x08":           `over\u000dwritten\u0008`,
		"C1 \u009b31m":                `C1 \u009b31m`,
		"two\nlines\tand a tab":       "two lines and a tab",
		"turned \u202e around \u2066": `turned \u202e around \u2066`,
	} {
		if got := output.Printable(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if got := output.IsPrintable(text); got != (text == want) {
			t.Errorf("%q is printable: %v", text, got)
		}
	}
	if output.IsPrintable("\xff") {
		t.Error("invalid UTF-8 is printable")
	}
	var out strings.Builder
	if err := output.WriteJSON(&out, map[string]string{"a": "<\u009b\u202e>"}); err != nil || out.String() != "{\n  \"a\": \"<\\u009b\\u202e>\"\n}\n" {
		t.Errorf("JSON is %q, %v", out.String(), err)
	}
	for text, want := range map[string]string{"": "-", "a b": "a b", "a\nb": `"a\nb"`, "\u200b": `"\u200b"`} {
		if got := output.Cell(text); got != want {
			t.Errorf("the cell of %q is %s, want %s", text, got, want)
		}
	}
}

type record struct {
	ID   string      `json:"id"`
	Size json.Number `json:"size"`
}

// Every format of a result, written to a pipe.
func TestResult(t *testing.T) {
	t.Parallel()
	r := output.Result{
		Value: []record{{"a", "1e400"}, {"b: c", "20"}}, Names: []string{"a", "b: c"},
		Title: []string{"ID", "SIZE"}, Rows: [][]string{{"a\x1b", ""}, {"b: c", "20"}},
	}
	for format, want := range map[output.Format]string{
		output.Text: "a\\u001b\t-\nb: c\t20\n",
		output.JSON: "[\n  {\n    \"id\": \"a\",\n    \"size\": 1e400\n  },\n  {\n    \"id\": \"b: c\",\n    \"size\": 20\n  }\n]\n",
		output.YAML: "- id: a\n  size: 1e400\n- id: 'b: c'\n  size: 20\n",
		output.Name: "a\nb: c\n",
	} {
		var out strings.Builder
		if err := r.Print(&out, format); err != nil || out.String() != want {
			t.Errorf("%s: got\n%swant\n%s%v", format, out.String(), want, err)
		}
	}
	r.Text = "two records\n"
	var out strings.Builder
	if err := r.Print(&out, output.Text); err != nil || out.String() != r.Text {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// Columns are padded by the width on a terminal, not by characters. Titles are
// printed once.
func TestList(t *testing.T) {
	t.Parallel()
	for format, want := range map[output.Format]string{
		output.Text: "ID      SIZE\n漢字    1\ne\u0301te     -\nlonger  2\n\"\\x1b\"  3\n",
		output.JSON: `{"id":"漢字","size":1}` + "\n" + `{"id":"` + "e\u0301te" + `","size":0}` + "\n" + `{"id":"longer","size":2}` + "\n" + `{"id":"\u001b","size":3}` + "\n",
		output.Name: "漢字\ne\u0301te\nlonger\n\x1b\n",
	} {
		var out bytes.Buffer
		list := output.List[record]{
			Format: format, Out: &out, Titles: []string{"ID", "SIZE"},
			Row:  func(r record) []string { return []string{r.ID, string(r.Size)} },
			Name: func(r record) string { return r.ID },
		}
		for _, page := range [][]record{{{"漢字", "1"}, {"e\u0301te", ""}, {"longer", "2"}}, {{"\x1b", "3"}}} {
			if err := list.Print(page); err != nil {
				t.Fatal(err)
			}
		}
		if out.String() != want {
			t.Errorf("%s: got\n%swant\n%s", format, out.String(), want)
		}
	}
}

// command runs a command with -o and --report.
func command(out io.Writer, args ...string) error {
	var format output.Flag
	var reports output.Reports
	command := &cobra.Command{Use: "c", SilenceErrors: true, SilenceUsage: true, RunE: func(command *cobra.Command, _ []string) error {
		defer reports.Close()
		if err := reports.Open(); err != nil {
			return err
		}
		write := func(w io.Writer, format output.Format) error {
			_, err := fmt.Fprintf(w, "as %s", format)
			return err
		}
		if len(command.Flags().Args()) > 0 {
			return errors.New("failed")
		}
		return errors.Join(write(out, format.Format), reports.Write(write))
	}}
	format.Add(command, output.Text, output.JSON, output.JUnit)
	reports.Add(command, &format)
	command.SetArgs(args)
	command.SetOut(out)
	command.SetErr(io.Discard)
	return command.Execute()
}

func TestFlags(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	first, second := filepath.Join(directory, "first"), filepath.Join(directory, "second")
	for _, c := range []struct {
		args    []string
		want    string
		problem string
	}{
		{nil, "as text", ""},
		{[]string{"-o", "json"}, "as json", ""},
		{[]string{"--output=junit"}, "as junit", ""},
		{[]string{"-o", "yaml"}, "", `invalid argument "yaml" for "-o, --output" flag: must be text, json or junit`},
		{[]string{"-o", ""}, "", "must be text, json or junit"},
		{[]string{"--output", "report.xml"}, "", "must be text, json or junit; to write a file, use --report FORMAT=FILE"},
		{[]string{"--report", "junit=" + first, "--report", "text=" + second}, "as text", ""},
		{[]string{"--report", "junit"}, "", `invalid argument "junit" for "--report" flag: must be FORMAT=FILE, such as junit=FILE`},
		{[]string{"--report", "junit="}, "", "must be FORMAT=FILE"},
		{[]string{"--report", "pdf=x"}, "", "the format must be text, json or junit"},
		{[]string{"--report", "junit=x", "--report", "json=x"}, "", "another report goes to the same file"},
		{[]string{"--report", "junit=" + filepath.Join(directory, "none", "x")}, "", "no such file"},
		{[]string{"__complete", "--report", "j"}, "json=\njunit=\n:6\n", ""},
		{[]string{"__complete", "-o", ""}, "text\njson\njunit\n:4\n", ""},
	} {
		var out strings.Builder
		err := command(&out, c.args...)
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) || out.String() != c.want {
			t.Errorf("%q: %q, %v", c.args, out.String(), err)
		}
	}
	for path, want := range map[string]string{first: "as junit", second: "as text"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s has %q, %v", path, got, err)
		}
	}
	// A run that fails leaves no report, neither its own nor an earlier one.
	if err := command(io.Discard, "--report", "json="+first, "x"); err == nil {
		t.Error("the command has not failed")
	}
	if _, err := os.Stat(first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after a failure: %v", err)
	}
}
