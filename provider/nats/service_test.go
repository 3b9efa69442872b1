package nats_test

import (
	"context"
	"errors"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/nats"
)

// A session is an application with a connection and a bucket.
type session struct {
	conn *client.Conn
	js   jetstream.JetStream
	// refused has the errors that the server sends for subjects that are not allowed:
	// nobody answers such a request.
	refused chan error
}

// open logs in with the creds file, as applications do.
func open(_ context.Context, credentials openbroker.Credentials, options ...client.Option) (*session, error) {
	url, _ := credentials["uri"].(string)
	creds, _ := credentials["creds"].(string)
	prefix, _ := credentials["inbox-prefix"].(string)
	refused := make(chan error, 16)
	options = append(options, client.UserCredentialBytes([]byte(creds)), client.CustomInboxPrefix(prefix), client.NoReconnect(), client.Timeout(time.Minute),
		client.ErrorHandler(func(_ *client.Conn, _ *client.Subscription, err error) { refused <- err }))
	conn, err := client.Connect(url, options...)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, js: js, refused: refused}, nil
}

const bucket = "values"

// limit returns a context that ends when the server refuses something, and bounds a call
// that nobody may answer.
func (s *session) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	go func() {
		select {
		case <-s.refused:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// Write puts a value into a bucket on disk.
func (s *session) Write(ctx context.Context, name, value string) error {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	kv, err := s.js.KeyValue(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = s.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket, Storage: jetstream.FileStorage, MaxBytes: 1 << 20})
	}
	if err != nil {
		return err
	}
	_, err = kv.PutString(ctx, name, value)
	return err
}

// Read gets a value.
func (s *session) Read(ctx context.Context, name string) (string, error) {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	kv, err := s.js.KeyValue(ctx, bucket)
	if err != nil {
		return "", err
	}
	entry, err := kv.Get(ctx, name)
	if err != nil {
		return "", err
	}
	return string(entry.Value()), nil
}

// Alter changes the configuration of the bucket.
func (s *session) Alter(ctx context.Context, _ string) error {
	ctx, cancel := s.limit(ctx)
	defer cancel()
	_, err := s.js.UpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket, Storage: jetstream.FileStorage, MaxBytes: 2 << 20, History: 3})
	return err
}

// Close ends the connection.
func (s *session) Close() error {
	s.conn.Close()
	return nil
}

func service(s *natsServer) *servicetest.Service {
	return &servicetest.Service{
		Definition: nats.Definition, Settings: s.settings(), Small: "small", Large: "large", ReadOnly: true, Server: s, Dump: s.dump, Log: s.home.Log,
		Open: func(ctx context.Context, credentials openbroker.Credentials) (servicetest.Session, error) {
			opened, err := open(ctx, credentials)
			if err != nil {
				return nil, err
			}
			return opened, nil
		},
		Reach: reach,
	}
}

// reach tries to use the bucket of the other instance: JetStream is asked for it with the
// prefix of the other account, and the JWT of the other is used with the seed of one's
// own.
func reach(ctx context.Context, own servicetest.Session, other openbroker.Credentials) error {
	mine, ok := own.(*session)
	if !ok {
		return errors.New("no session")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	account, _ := other["account"].(string)
	_, err := mine.conn.RequestWithContext(ctx, "$JS."+account+".API.STREAM.INFO.KV_"+bucket, nil)
	if err == nil {
		return nil
	}
	_, err = mine.conn.RequestWithContext(ctx, "$SYS.REQ.ACCOUNT."+account+".INFO", nil)
	return err
}

func TestService(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, *servicetest.Service){
		"life cycle":         func(t *testing.T, s *servicetest.Service) { t.Helper(); s.LifeCycle(t) },
		"rotation":           func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Rotation(t) },
		"remaining bindings": func(t *testing.T, s *servicetest.Service) { t.Helper(); s.RemainingBindings(t) },
		"isolation":          func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Isolation(t) },
		"read only":          func(t *testing.T, s *servicetest.Service) { t.Helper(); s.ReadOnlyBinding(t) },
		"conformance":        func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Conformance(t) },
		"crashes":            func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Crashes(t) },
		"cancellations":      func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Cancellations(t) },
		"restarts":           func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Restarts(t) },
		"away":               func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Away(t) },
		"many":               func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Many(t, 20, 2, 8) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, service(startServer(t)))
		})
	}
}

func TestLeaks(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	service(s).Leaks(t, s.seed)
}
