package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/catalog"
)

const (
	// bearerVariable holds a token, as usernameVariable and passwordVariable hold
	// credentials: a secret on a command line is visible to other users.
	bearerVariable = "OPENBROKER_BEARER_TOKEN"
	// fetchTimeout bounds fetching a catalog. Platforms wait for 60 s.
	fetchTimeout = time.Minute
	// maxCatalog bounds the catalog of a running broker.
	maxCatalog = 32 << 20
)

// catalogFlags are the flags with which a command fetches the catalogs of running
// brokers.
type catalogFlags struct {
	username, passwordFile, bearerFile, caFile string

	insecure bool
	// at is a JSON pointer to the catalog in a file.
	at string
}

// addAt adds the flag of commands that read catalogs from files.
func (f *catalogFlags) addAt(set *pflag.FlagSet) {
	set.StringVar(&f.at, "at", "", "JSON `POINTER` to the catalog inside a file, such as /broker/catalog; it may be a list of services")
}

func (f *catalogFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.username, "username", "", "`NAME` to log in to a running broker (default $"+usernameVariable+")")
	set.StringVar(&f.passwordFile, "password-file", "", "`FILE` with the password (default the password in $"+passwordVariable+")")
	set.StringVar(&f.bearerFile, "bearer-file", "", "`FILE` with a bearer token (default the token in $"+bearerVariable+")")
	set.StringVar(&f.caFile, "ca-file", "", "`FILE` with the certificates to trust, in PEM, in place of those of the system")
	set.BoolVar(&f.insecure, "insecure-skip-verify", false, "do not verify the certificate of the broker; anyone on the network could pose as the broker and learn the password")
}

// isURL reports whether an argument is the URL of a broker, not a file.
func isURL(location string) bool {
	lower := strings.ToLower(location)
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
}

// load reads a catalog from a file, a directory, or the broker at a URL. The error is
// catalog.Errors if the content is not a catalog.
func (f *catalogFlags) load(ctx context.Context, location string) (*catalog.Source, error) {
	if !isURL(location) {
		return catalog.LoadSourceAt(location, f.at)
	}
	target, err := catalogURL(location)
	if err != nil {
		return nil, err
	}
	request, err := f.request(ctx, target)
	if err != nil {
		return nil, err
	}
	shown := target.Redacted()
	transport, err := f.transport()
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: transport, Timeout: fetchTimeout,
		// Platforms do not follow redirects, and a password is for one host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", shown, withoutURL(err))
	}
	defer response.Body.Close() //nolint:errcheck // It was only read.
	body, err := io.ReadAll(io.LimitReader(response.Body, maxCatalog+1))
	if err == nil && len(body) > maxCatalog {
		err = fmt.Errorf("the response has more than %d bytes", maxCatalog)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", shown, withoutURL(err))
	}
	return catalog.ParseResponse(shown, response.StatusCode, response.Header, body)
}

// catalogURL returns the URL of the catalog of the broker at a URL.
func catalogURL(location string) (*url.URL, error) {
	target, err := url.Parse(location)
	if err != nil || target.Host == "" {
		// The error of package url contains the URL, which may contain a password.
		return nil, errors.New("the URL of the broker is invalid: write it as https://broker.example.com")
	}
	target.Fragment = ""
	if !strings.HasSuffix(target.Path, "/v2/catalog") {
		target = target.JoinPath("v2", "catalog")
	}
	return target, nil
}

// withoutURL removes the URL that package http puts in front of an error.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// request returns the request that a platform would send. Credentials in the URL take
// precedence over those of the flags and of the environment, which are for all URLs.
func (f *catalogFlags) request(ctx context.Context, target *url.URL) (*http.Request, error) {
	credentials := loginOf(target.User)
	if target.User == nil {
		var err error
		if credentials, err = f.logIn("", ""); err != nil {
			return nil, err
		}
	}
	plain := *target
	plain.User = nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, plain.String(), http.NoBody)
	if err != nil {
		return nil, withoutURL(err)
	}
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("Accept", "application/json")
	switch {
	case credentials.bearer != "":
		request.Header.Set("Authorization", "Bearer "+credentials.bearer)
	case credentials != login{}:
		request.SetBasicAuth(credentials.username, credentials.password)
	}
	return request, nil
}

func (f *catalogFlags) transport() (*http.Transport, error) {
	settings := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: f.insecure, //nolint:gosec // G402: the user asks for it, and the help says what it means.
	}
	if f.caFile != "" {
		content, err := os.ReadFile(f.caFile)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("%s has no certificate in PEM", f.caFile)
		}
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: settings, ForceAttemptHTTP2: true}, nil
}
