package platform

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/openbroker/openbroker/client"
)

// The variables that name a broker without a target. Other clients use the same names.
const (
	urlVariable      = "SB_BROKER_URL"
	usernameVariable = "SB_BROKER_USERNAME"
	passwordVariable = "SB_BROKER_PASSWORD" //nolint:gosec // G101: the name of a variable.
	targetVariable   = "OPENBROKER_TARGET"
)

// A target is a broker with a name.
type target struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	Username string `json:"username,omitempty"`
	// PasswordIn is the place of the password: "keyring", "file" or empty.
	PasswordIn string `json:"password_in,omitempty"`
	// Password is empty unless PasswordIn is "file".
	Password string `json:"password,omitempty"`

	CAFile       string `json:"ca_file,omitempty"`
	CertFile     string `json:"cert_file,omitempty"`
	KeyFile      string `json:"key_file,omitempty"`
	Organization string `json:"organization,omitempty"`
	Space        string `json:"space,omitempty"`
}

func (t target) account() string { return t.Name + " " + t.URL }

type targets struct {
	Version int      `json:"version"`
	Current string   `json:"current,omitempty"`
	Targets []target `json:"targets"`
}

func (t *targets) find(name string) *target {
	for i := range t.Targets {
		if t.Targets[i].Name == name {
			return &t.Targets[i]
		}
	}
	return nil
}

func targetsFile() (document[targets], error) {
	home, err := directory()
	return document[targets]{filepath.Join(home, "targets.json")}, err
}

// choose returns the target of a command: the named one, that of the environment, or the
// current one.
func choose(name string) (target, error) {
	if name == "" {
		name = os.Getenv(targetVariable)
	}
	if address := os.Getenv(urlVariable); name == "" && address != "" {
		return target{URL: address, Username: os.Getenv(usernameVariable), Password: os.Getenv(passwordVariable)}, nil
	}
	file, err := targetsFile()
	if err != nil {
		return target{}, err
	}
	all, err := file.read()
	if err != nil {
		return target{}, usage("%w", err)
	}
	if name == "" {
		name = all.Current
	}
	if name == "" {
		return target{}, &Error{
			Code: exitUsage, err: fmt.Errorf("no target is chosen"),
			Hint: "choose a broker: openbroker target NAME URL --username USER, or set " + urlVariable,
		}
	}
	found := all.find(name)
	if found == nil {
		return target{}, &Error{Code: exitUsage, err: fmt.Errorf("the target %q does not exist", name), Hint: "openbroker target lists the targets"}
	}
	if found.PasswordIn == "keyring" {
		if found.Password, err = newVault().get(found.account()); err != nil {
			return target{}, &Error{
				Code: exitUsage, err: fmt.Errorf("read the password of the target %q from the keyring: %w", name, err),
				Hint: "unlock the keyring, or define the target again with " + keyringVariable + "=off to keep the password in a file",
			}
		}
	}
	return *found, nil
}

// connect returns a client of the broker.
func (t target) connect(options ...client.Option) (*client.Client, error) {
	if t.Username != "" || t.Password != "" {
		options = append(options, client.WithBasicAuth(t.Username, t.Password))
	}
	if t.CAFile != "" {
		content, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, usage("read the certificate authorities of the target: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(content) {
			return nil, usage("%s has no certificate in PEM", t.CAFile)
		}
		options = append(options, client.WithRootCAs(roots))
	}
	if t.CertFile != "" || t.KeyFile != "" {
		certificate, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, usage("read the client certificate of the target: %w", err)
		}
		options = append(options, client.WithClientCertificate(certificate))
	}
	c, err := client.New(t.URL, options...)
	if err != nil {
		return nil, usage("%s", strings.TrimPrefix(err.Error(), "client: "))
	}
	return c, nil
}

// recordFile returns the record of the target. A broker that is named by the environment
// has one record for each address and user.
func (t target) recordFile() (document[record], error) {
	home, err := directory()
	name := t.Name
	if name == "" {
		address, _, _ := strings.Cut(t.URL, "?")
		if parsed, err := url.Parse(t.URL); err == nil {
			address = parsed.Scheme + "://" + parsed.Host + strings.TrimRight(parsed.Path, "/")
		}
		sum := sha256.Sum256([]byte(address + " " + t.Username))
		name = "env-" + hex.EncodeToString(sum[:8])
	}
	return document[record]{filepath.Join(home, "records", url.PathEscape(name)+".json")}, err
}
