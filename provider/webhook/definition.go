package webhook

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// Settings are those of the configuration.
type Settings struct {
	URL           provider.URL               `yaml:"url" required:"true" doc:"where requests are sent: https, or http to this machine"`
	Secrets       []provider.Secret          `yaml:"secrets" required:"true" doc:"shared secrets of Standard Webhooks, whsec_ and 24 to 64 bytes in base64, such as ${file:/run/secrets/webhook}. All sign, and one is enough to verify, so that one can replace another"`
	TLS           transport.TLS              `yaml:"tls" doc:"how to verify the receiver, and the broker's own certificate; the files are read for each request"`
	SignedAnswers bool                       `yaml:"signed_answers" default:"false" doc:"refuse answers that the receiver has not signed"`
	CallbackURL   provider.URL               `yaml:"callback_url" doc:"URL of the broker for the receiver, such as https://broker.example; requests then have the callback_url /callbacks/NAME below it. Without it, the broker only polls"`
	Timeout       provider.Duration          `yaml:"timeout" default:"30s" doc:"how long a request may take, until the last byte of its answer"`
	Retries       int                        `yaml:"retries" max:"100" default:"3" doc:"how often an attempt repeats a request after a lost connection, 408, 429 or 5xx; then the engine decides"`
	Concurrency   int                        `yaml:"concurrency" min:"1" max:"1000" default:"64" doc:"how many requests are sent at a time; others wait"`
	PollInterval  provider.Duration          `yaml:"poll_interval" default:"15s" doc:"the longest pause between polls, unless the receiver asks for another one by Retry-After"`
	Tolerance     provider.Duration          `yaml:"tolerance" default:"5m" doc:"how far the clock of the receiver may differ in signatures, in both directions"`
	Networks      []string                   `yaml:"networks" doc:"networks and addresses to which the provider may connect, such as 10.1.0.0/16; by default all but link-local and multicast ones"`
	Check         bool                       `yaml:"check" default:"false" doc:"whether the receiver is asked, with the operation check, before a provision, update or bind is accepted"`
	CheckTimeout  provider.Duration          `yaml:"check_timeout" default:"5s" doc:"how long a check may take; the request waits for it"`
	List          bool                       `yaml:"list" default:"false" doc:"whether the receiver can list its instances, with the operation list, so that admin orphans finds those without a record"`
	AllowHTTP     bool                       `yaml:"allow_http" default:"false" doc:"send requests, with parameters, unencrypted to other machines"`
	Headers       map[string]provider.Secret `yaml:"headers" doc:"further headers of requests, such as the key of a gateway"`
}

//go:embed catalog.yaml
var catalogYAML string

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, provider.Free]{
	Name:    "webhook",
	Doc:     "services of an HTTP server in any language",
	Catalog: catalogYAML,
	New: func(_ context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		p, err := newProvider(settings, host)
		if err != nil {
			return nil, err
		}
		return withAbilities(p), nil
	},
	Check:      check,
	CheckFiles: checkFiles,
})

// minTolerance allows for the seconds that are cut off.
const minTolerance = time.Second

var (
	errURL         = errors.New("must be a URL such as https://receiver.example/osb, without user and fragment")
	errCallbackURL = errors.New("must be the URL of the broker, such as https://broker.example, without user, query and fragment")
)

// check returns what is wrong with settings.
func check(s Settings) error {
	wrong := func(field string, err error) error { return &provider.FieldError{Field: field, Err: err} }
	endpoint, ok := httpURL(string(s.URL))
	switch {
	case !ok:
		return wrong("url", errURL)
	case endpoint.Scheme == schemeHTTP && !s.AllowHTTP && !isLocalName(endpoint.Hostname()):
		return wrong("url", errors.New("is http, and not to this machine: parameters and credentials would be readable on the way; use https, or set allow_http"))
	case endpoint.Scheme == schemeHTTP && s.TLS != transport.TLS{}:
		return wrong("tls", errors.New("has no effect with http: use https, or remove it"))
	case s.TLS.Mode == transport.ModeDisable, s.TLS.Mode == transport.ModeRequire:
		return wrong("tls.mode", errors.New("must be verify-full or verify-ca: otherwise another server could read the parameters"))
	}
	if err := s.TLS.Check("tls"); err != nil {
		return err
	}
	if s.CallbackURL != "" {
		if u, ok := httpURL(string(s.CallbackURL)); !ok || u.RawQuery != "" || u.ForceQuery {
			return wrong("callback_url", errCallbackURL)
		}
	}
	if len(s.Secrets) == 0 {
		return wrong("secrets", errors.New("has no secret: add one"))
	}
	for i, text := range s.Secrets {
		if _, err := parseSecret(string(text)); err != nil {
			return wrong("secrets["+strconv.Itoa(i)+"]", err)
		}
	}
	for i, text := range s.Networks {
		if _, err := parseNetwork(text); err != nil {
			return wrong("networks["+strconv.Itoa(i)+"]", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if err := checkHeader(name, string(s.Headers[name])); err != nil {
			return wrong("headers", fmt.Errorf("has %q, which %w", name, err))
		}
	}
	switch {
	case s.CheckTimeout <= 0:
		return wrong("check_timeout", errors.New("must be longer than 0s"))
	case s.Timeout <= 0:
		return wrong("timeout", errors.New("must be longer than 0s"))
	case s.PollInterval <= 0:
		return wrong("poll_interval", errors.New("must be longer than 0s"))
	case s.Tolerance < provider.Duration(minTolerance):
		return wrong("tolerance", fmt.Errorf("must be at least %v, because signatures have whole seconds", minTolerance))
	}
	return nil
}

// checkFiles returns what is wrong with the files of certificates.
func checkFiles(s Settings) error {
	if s.TLS == (transport.TLS{}) {
		return nil
	}
	if _, err := s.TLS.Config(s.TLS.Mode, ""); err != nil {
		return &provider.FieldError{Field: "tls", Err: fmt.Errorf("is not usable: %w", err)}
	}
	return nil
}

// httpURL parses a URL that has an origin, and possibly a path and a query.
func httpURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != schemeHTTP && u.Scheme != schemeHTTPS || u.Hostname() == "" || u.Opaque != "" ||
		u.User != nil || u.Fragment != "" || strings.Contains(text, "#") {
		return nil, false
	}
	return u, true
}

// own are headers that the provider sets itself.
var own = []string{headerID, headerTimestamp, headerSignature, "Idempotency-Key", "Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Accept", "Accept-Encoding", "Host", "Connection", "User-Agent"}

func checkHeader(name, value string) error {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return errors.New("is no name of a header")
		}
	}
	if slices.Contains(own, http.CanonicalHeaderKey(name)) {
		return errors.New("the provider sets itself: remove it")
	}
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return errors.New("has a value with control characters, such as a line break at the end")
	}
	return nil
}
