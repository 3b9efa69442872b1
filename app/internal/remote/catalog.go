package remote

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

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

const (
	// UsernameVariable holds a user name, also that which serve accepts.
	UsernameVariable = "OPENBROKER_USERNAME"
	// PasswordVariable holds the password.
	PasswordVariable = "OPENBROKER_PASSWORD"
	// DefaultUsername is the user name for a password without one.
	DefaultUsername = "openbroker"
	// bearerVariable holds a token, as UsernameVariable and PasswordVariable hold
	// credentials: a secret on a command line is visible to other users.
	bearerVariable = "OPENBROKER_BEARER_TOKEN"
	// fetchTimeout bounds fetching a catalog. Platforms wait for 60 s.
	fetchTimeout = time.Minute
	// maxCatalog bounds the catalog of a running broker.
	maxCatalog = 32 << 20
)

// CatalogFlags are the flags with which a command fetches the catalogs of running
// brokers.
type CatalogFlags struct {
	username, passwordFile, bearerFile, caFile string

	insecure bool
	// at is a JSON pointer to the catalog in a file.
	at string
}

// AddAt adds the flag of commands that read catalogs from files.
func (f *CatalogFlags) AddAt(set *pflag.FlagSet) {
	set.StringVar(&f.at, "at", "", "JSON `POINTER` to the catalog inside a file, such as /broker/catalog; it may be a list of services")
}

// Add adds the flags.
func (f *CatalogFlags) Add(set *pflag.FlagSet) {
	set.StringVar(&f.username, "username", "", "`NAME` to log in to a running broker (default $"+UsernameVariable+")")
	set.StringVar(&f.passwordFile, "password-file", "", "`FILE` with the password (default the password in $"+PasswordVariable+")")
	set.StringVar(&f.bearerFile, "bearer-file", "", "`FILE` with a bearer token (default the token in $"+bearerVariable+")")
	set.StringVar(&f.caFile, "ca-file", "", "`FILE` with the certificates to trust, in PEM, in place of those of the system")
	set.BoolVar(&f.insecure, "insecure-skip-verify", false, "do not verify the certificate of the broker; anyone on the network could pose as the broker and learn the password")
}

// IsURL reports whether an argument is the URL of a broker, not a file.
func IsURL(location string) bool {
	lower := strings.ToLower(location)
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
}

// Load reads a catalog from a file, a directory, or the broker at a URL. The error is
// catalog.Errors if the content is not a catalog.
func (f *CatalogFlags) Load(ctx context.Context, location string) (*catalog.Source, error) {
	if !IsURL(location) {
		return catalog.LoadSourceAt(location, f.at)
	}
	target, err := CatalogURL(location)
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

// CatalogURL returns the URL of the catalog of the broker at a URL.
func CatalogURL(location string) (*url.URL, error) {
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
func (f *CatalogFlags) request(ctx context.Context, target *url.URL) (*http.Request, error) {
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
	case credentials.Bearer != "":
		request.Header.Set("Authorization", "Bearer "+credentials.Bearer)
	case credentials != Login{}:
		request.SetBasicAuth(credentials.Username, credentials.Password)
	}
	return request, nil
}

func (f *CatalogFlags) transport() (*http.Transport, error) {
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

// Catalog is Load for commands that need no positions.
func (f *CatalogFlags) Catalog(ctx context.Context, location string) (*openbroker.Catalog, error) {
	source, err := f.Load(ctx, location)
	if err != nil {
		return nil, err
	}
	return source.Catalog()
}
