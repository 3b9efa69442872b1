package main

import (
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

var python = flag.String("python", "", "URL of a running broker.py, whose responses the test checks")

// An exchange is a request and its response: Answer if both languages agree, or one
// for each language.
type exchange struct {
	Why          string
	Send         string
	Body         json.RawMessage
	Status       int
	PythonStatus int `json:"python_status"`
	Answer       any
	Go, Python   any
}

// TestExchanges sends the requests in the order of the file. The file says where the
// responses of the two brokers differ.
func TestExchanges(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("exchanges.json")
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []exchange
	if err := json.Unmarshal([]byte(strings.NewReplacer("SERVICE", service, "SMALL", small, "LARGE", large).Replace(string(text))), &exchanges); err != nil {
		t.Fatal(err)
	}
	url := *python
	if url == "" {
		basic, err := auth.NewBasic(auth.Credential{Username: "admin", Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(openbroker.NewHandler(newBroker(), openbroker.WithAuthenticator(basic), openbroker.WithLogger(slog.New(slog.DiscardHandler))))
		t.Cleanup(s.Close)
		url = s.URL
	}
	for _, e := range exchanges {
		status, want := e.Status, e.Go
		if *python != "" {
			want = e.Python
			if e.PythonStatus != 0 {
				status = e.PythonStatus
			}
		}
		if e.Answer != nil {
			want = e.Answer
		}
		gotStatus, got := send(t, url, e)
		if gotStatus != status || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %d %v\nwant %d %v", e.Send, gotStatus, got, status, want)
		}
	}
}

func send(t *testing.T, url string, e exchange) (int, any) {
	t.Helper()
	method, path, _ := strings.Cut(e.Send, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(string(e.Body)))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("admin", "secret")
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	if e.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %q: %v", e.Send, body, err)
	}
	return response.StatusCode, answer
}

// Both brokers have the same methods, ids and errors.
func TestHalvesBelongTogether(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	script, program := read("broker.py"), read("broker.go")
	found := func(text, pattern string) map[string]bool {
		names := map[string]bool{}
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names[strings.ToLower(strings.ReplaceAll(match[1], "_", ""))] = true
		}
		return names
	}
	for what, patterns := range map[string][2]string{
		"methods": {`(?m)^    def ([a-z]\w+)\(`, `(?m)^func \(\w* ?\*broker\) (\w+)\(`},
		"errors":  {`raise (Err\w+)`, `openbroker\.(Err\w+)`},
		"ids":     {`(?m)^[A-Z]+ = "([^"]+)"`, `(?m)^\t(?:service|small|large) += "([^"]+)"`},
	} {
		if inPython, inGo := found(script, patterns[0]), found(program, patterns[1]); len(inGo) < 3 || !reflect.DeepEqual(inPython, inGo) {
			t.Errorf("%s: Python has %v, Go has %v", what, inPython, inGo)
		}
	}
}
