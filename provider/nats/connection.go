package nats

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

const (
	// connectTimeout bounds one attempt to connect.
	connectTimeout = 5 * time.Second
	// reconnectWait is the pause between attempts to connect again.
	reconnectWait = time.Second
)

// A link connects with the servers: as a user of the system account, and, to try
// credentials, as a user of an account.
type link struct {
	addresses []*url.URL
	tls       transport.TLS
	system    creds
	timeout   time.Duration
	conn      *client.Conn
}

// open connects as a user of the system account. If the servers are away, it goes on in
// the background. The error says that the login is impossible.
func (l *link) open() error {
	options := append(l.options(l.system), client.Name("openbroker"), client.MaxReconnects(-1), client.ReconnectWait(reconnectWait))
	conn, err := client.Connect(l.list(), options...)
	if err != nil {
		if !away(err) {
			return fmt.Errorf("the broker cannot log in: %w: system_creds must be those of a user of the server's system account", err)
		}
		conn, err = client.Connect(l.list(), append(options, client.RetryOnFailedConnect(true))...)
	}
	if err != nil {
		return err
	}
	l.conn = conn
	return nil
}

// options are those of all connections.
func (l *link) options(user creds) []client.Option {
	options := []client.Option{
		client.UserJWT(func() (string, error) { return user.jwt, nil }, func(nonce []byte) ([]byte, error) { return sign(user.seed, nonce) }),
		client.Timeout(connectTimeout), client.NoCallbacksAfterClientClose(),
		// The default handler prints to the standard error.
		client.ErrorHandler(func(*client.Conn, *client.Subscription, error) {}),
	}
	if l.addresses[0].Scheme == "tls" || l.tls.Mode != "" && l.tls.Mode != transport.ModeDisable {
		options = append(options, client.Secure(), client.ClientTLSConfig(nil, nil), l.encryption)
	}
	return options
}

// encryption sets the configuration of TLS, read from the files at each connection.
func (l *link) encryption(o *client.Options) error {
	config, err := l.tls.Config(l.tls.Mode, l.tls.ServerName)
	if err != nil {
		return err
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.TLSConfig = config
	o.TLSCertCB, o.RootCAsCB = nil, nil
	return nil
}

func sign(seed string, nonce []byte) ([]byte, error) {
	key, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return nil, errors.New("the seed of the user cannot be used")
	}
	defer key.Wipe()
	return key.Sign(nonce)
}

func (l *link) list() string {
	all := make([]string, len(l.addresses))
	for i, address := range l.addresses {
		all[i] = address.String()
	}
	return strings.Join(all, ",")
}

// away reports whether an error means that no server can be reached.
func away(err error) bool {
	for _, sign := range []error{
		client.ErrNoServers, client.ErrTimeout, client.ErrConnectionClosed, client.ErrConnectionReconnecting, client.ErrDisconnected,
		client.ErrStaleConnection, client.ErrReconnectBufExceeded, client.ErrConnectionNotTLS,
	} {
		if errors.Is(err, sign) {
			return true
		}
	}
	return transport.Unreachable(err)
}

// unreachable marks an error of a connection for the engine. The end of the caller's
// context is not one.
func unreachable(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil && away(err) {
		return durable.Unreachable(err)
	}
	return err
}

// errResolver explains a missing responder.
var errResolver = errors.New("nobody answers: the server must run in operator mode with a resolver of type full, and system_creds must be of its system account")

// ask sends a request to the servers and returns the first response. If no server
// subscribes to the subject, the error is [client.ErrNoResponders].
func (l *link) ask(ctx context.Context, subject string, body []byte) ([]byte, error) {
	if l.conn.Status() != client.CONNECTED {
		return nil, durable.Unreachable(fmt.Errorf("no server can be reached: %w", client.ErrDisconnected))
	}
	waiting, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	message, err := l.conn.RequestWithContext(waiting, subject, body)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	return message.Data, nil
}

// explain returns what a missing responder means for requests about accounts.
func explain(err error) error {
	if errors.Is(err, client.ErrNoResponders) {
		return errResolver
	}
	return err
}

// request asks the servers and decodes the data of the first response into v, unless nil.
func (l *link) request(ctx context.Context, subject string, body []byte, v any) error {
	answer, err := l.ask(ctx, subject, body)
	if err != nil {
		return explain(err)
	}
	var response struct {
		Data  json.RawMessage `json:"data"`
		Error *struct {
			Code        int    `json:"code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return errors.New("the response of the server is not JSON")
	}
	if response.Error != nil {
		return &refusal{code: response.Error.Code, description: response.Error.Description}
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(response.Data, v); err != nil {
		return fmt.Errorf("the response of the server: %w", err)
	}
	return nil
}

// A refusal is an error that the server answered.
type refusal struct {
	code        int
	description string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the server answers %d: %s", r.code, r.description)
}

// try logs in as a user, and asks for JetStream if the account has it.
func (l *link) try(ctx context.Context, user creds, jetStream bool) error {
	conn, err := client.Connect(l.list(), append(l.options(user), client.Name("openbroker check"), client.NoReconnect(), client.CustomInboxPrefix(inboxOf(user)))...)
	if err != nil {
		return err
	}
	defer conn.Close()
	if !jetStream {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	message, err := conn.RequestWithContext(waiting, "$JS.API.INFO", nil)
	if errors.Is(err, client.ErrNoResponders) {
		return errNoJetStream
	}
	if err != nil {
		return err
	}
	var info struct {
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(message.Data, &info); err != nil {
		return errors.New("the response of JetStream is not JSON")
	}
	if info.Error != nil {
		return fmt.Errorf("%w: %s", errNoJetStream, info.Error.Description)
	}
	return nil
}

// errNoJetStream means that the account has no JetStream, although its claims say so.
var errNoJetStream = errors.New("the account has no JetStream: the server has none, or its max_file_store or max_memory_store is reserved by other accounts")

// inboxOf returns the prefix of the inboxes of a user.
func inboxOf(user creds) string {
	claims, err := jwt.DecodeUserClaims(user.jwt)
	if err != nil {
		return client.InboxPrefix[:len(client.InboxPrefix)-1]
	}
	return inboxPrefix + claims.Name
}
