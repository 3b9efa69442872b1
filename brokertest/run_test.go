package brokertest_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/conformance"
)

// A broker without bindings and without asynchronous operations passes.
func TestRunBroker(t *testing.T) {
	t.Parallel()
	b := newNotes()
	brokertest.Run(t, brokertest.Broker(b), brokertest.Level(conformance.May))
	if len(b.made) > 0 {
		t.Errorf("%d instances are left", len(b.made))
	}
}

func TestRunHandler(t *testing.T) {
	t.Parallel()
	basic, err := auth.NewBasic(auth.Credential{Username: "admin", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	handler := openbroker.NewHandler(newNotes(), openbroker.WithAuthenticator(basic), openbroker.WithLogger(slog.New(slog.DiscardHandler)))
	brokertest.Run(t, brokertest.Handler(handler), brokertest.Login("admin", "secret"), brokertest.Profiles(conformance.CloudFoundry))
}

// A gate accepts a token together with a header that stands for a client certificate.
type gate struct{ openbroker.Authenticator }

func (gate) Authenticate(r *http.Request) (openbroker.Principal, error) {
	if r.Header.Get("Authorization") != "Bearer token" || r.Header.Get("X-Certificate") == "" {
		return openbroker.Principal{}, openbroker.ErrUnauthorized
	}
	return openbroker.Principal{Name: "platform", Method: "bearer"}, nil
}

func (gate) Challenges() []string { return []string{"Bearer"} }

// certified sends the header that gate requires.
type certified struct{}

func (certified) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Certificate", "certificate of the platform")
	return http.DefaultTransport.RoundTrip(r)
}

// A token and a client certificate replace the password of Broker.
func TestRunBearer(t *testing.T) {
	t.Parallel()
	brokertest.Run(t, brokertest.Broker(newNotes(), openbroker.WithAuthenticator(gate{})), brokertest.Bearer("token"),
		brokertest.Clients(&http.Client{Transport: certified{}}, http.DefaultClient), brokertest.Only("auth-*", "catalog-200"))
}

// repeated answers a repeated provision with 201.
type repeated struct{ *notes }

func (r repeated) Provision(ctx context.Context, request *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	response, err := r.notes.Provision(ctx, request)
	if err == nil {
		response.Outcome = openbroker.Completed
	}
	return response, err
}

// keeping deletes nothing.
type keeping struct{ *notes }

func (keeping) Deprovision(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	return nil, openbroker.ErrInvalidParameters
}

// subjects are the variants of TestSubject.
var subjects = map[string]func(*testing.T){
	"": func(t *testing.T) { brokertest.Run(t, brokertest.Broker(newNotes())) },
	"repeated": func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(repeated{newNotes()}), brokertest.Level(conformance.Should))
	},
	"keeping": func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(keeping{newNotes()}), brokertest.Only("catalog-*", "provision-succeeds"))
	},
	"nothing": func(t *testing.T) { brokertest.Run(t, brokertest.Broker(newNotes()), brokertest.Only("bind-succeeds")) },
	"skipping": func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(repeated{newNotes()}), brokertest.Level(conformance.Should), brokertest.Skip("provision-repeated-*", "concurrent-provisions-*"))
	},
	"waiving": func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(repeated{newNotes()}), brokertest.Level(conformance.Should),
			brokertest.Skip("concurrent-provisions-*", "provision-repeated-not-created"), brokertest.Waive("provision-repeated-200", "ticket 42", "2999-12-31"))
	},
	"closed": func(t *testing.T) { brokertest.Run(t, brokertest.URL("http://127.0.0.1:1")) },
	"locked": func(t *testing.T) {
		brokertest.Run(t, brokertest.Broker(newNotes()), brokertest.Login("brokertest", "wrong"))
	},
}

// Other tests run TestSubject in another process, with another subject.
func TestSubject(t *testing.T) {
	t.Parallel()
	subjects[os.Getenv("BROKERTEST_SUBJECT")](t)
}

// The output of failed runs.
func TestRunFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run  string
		want []string
		not  []string
	}{
		"repeated": {"^TestSubject$", []string{
			`(?m)^    --- FAIL: TestSubject/provision-repeated-not-created `, `(?m)^    --- PASS: TestSubject/provision-succeeds `,
			`(?m)^    --- SKIP: TestSubject/bind-succeeds `,
			`=== RUN   TestSubject/bind-succeeds\n +run.go:\d+: not applicable: it requires a bindable plan`,
			`clause    spec.md, Provisioning: `, `expected  `, `got       status 201`, `> PUT http://127.0.0.1:\d+/v2/service_instances/05bc4ec0-`,
			`> Authorization: Basic \*\*\*`, `< 201 Created`, `(?m)^FAIL$`,
		}, []string{`not evaluated`}},
		"keeping": {"^TestSubject$", []string{
			`left over: instance "05bc4ec0-`, `(?m)^    --- PASS: TestSubject/provision-succeeds `, `(?m)^--- FAIL: TestSubject `,
		}, []string{`--- FAIL: TestSubject/`}},
		"nothing": {"^TestSubject$", []string{`no result: `, `(?m)^--- FAIL: TestSubject `, `(?m)^    --- SKIP: TestSubject/bind-succeeds `}, nil},
		"closed":  {"^TestSubject$", []string{`the broker cannot be reached`, `(?m)^--- FAIL: TestSubject `}, nil},
		"locked":  {"^TestSubject$", []string{`the broker refuses the credentials`, `(?m)^--- FAIL: TestSubject `}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, output := subject(t, name, c.run)
			if code != 1 {
				t.Errorf("exit code %d", code)
			}
			for _, pattern := range c.want {
				if !regexp.MustCompile(pattern).MatchString(output) {
					t.Errorf("the output has no %s:\n%s", pattern, output)
				}
			}
			for _, pattern := range c.not {
				if regexp.MustCompile(pattern).MatchString(output) {
					t.Errorf("the output has %s:\n%s", pattern, output)
				}
			}
		})
	}
}

// The pattern of go test -run selects checks.
func TestRunPattern(t *testing.T) {
	t.Parallel()
	code, output := subject(t, "repeated", "^TestSubject$/^catalog-")
	if code != 0 || !strings.Contains(output, "--- PASS: TestSubject/catalog-") || strings.Contains(output, "TestSubject/provision-") {
		t.Errorf("exit code %d\n%s", code, output)
	}
}

// A skipped check is not a subtest. A waived check is a skipped subtest.
func TestRunSkipsAndWaives(t *testing.T) {
	t.Parallel()
	const check = "TestSubject/provision-repeated-200"
	code, output := subject(t, "skipping", "^TestSubject$")
	if code != 0 || strings.Contains(output, check) {
		t.Errorf("exit code %d\n%s", code, output)
	}
	code, output = subject(t, "waiving", "^TestSubject$")
	if code != 0 || !strings.Contains(output, "--- SKIP: "+check) || !strings.Contains(output, "waived until 2999-12-31 (ticket 42): ") {
		t.Errorf("exit code %d\n%s", code, output)
	}
}

// subject runs TestSubject in another process.
func subject(t *testing.T, name, run string) (code int, output string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run, "-test.v")
	command.Env = append(os.Environ(), "BROKERTEST_SUBJECT="+name)
	text, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(text)
}
