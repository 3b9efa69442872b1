package redis_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/redis"
)

// A session is a client of an application.
type session struct {
	client *goredis.Client
	prefix string
}

// login opens a session as an application does: with the URI and nothing else.
func login(ctx context.Context, credentials openbroker.Credentials) (*session, error) {
	uri, _ := credentials["uri"].(string)
	options, err := goredis.ParseURL(uri)
	if err != nil {
		return nil, err
	}
	options.MaxRetries = -1
	prefix, _ := credentials["key-prefix"].(string)
	s := &session{client: goredis.NewClient(options), prefix: prefix}
	if err := s.client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *session) Write(ctx context.Context, name, value string) error {
	return s.client.Set(ctx, s.prefix+name, value, 0).Err()
}

func (s *session) Read(ctx context.Context, name string) (string, error) {
	return s.client.Get(ctx, s.prefix+name).Result()
}

// Alter changes a key in a way that depends on its type.
func (s *session) Alter(ctx context.Context, name string) error {
	return s.client.Append(ctx, s.prefix+name, "").Err()
}

func (s *session) Close() error { return s.client.Close() }

// do runs a command, and returns its error.
func (s *session) do(ctx context.Context, command ...any) error {
	err := s.client.Do(ctx, command...).Err()
	if errors.Is(err, goredis.Nil) {
		return nil
	}
	return err
}

// reach tries what belongs to another instance.
func reach(ctx context.Context, own servicetest.Session, other openbroker.Credentials) error {
	s, ok := own.(*session)
	if !ok {
		return errors.New("a session of another kind")
	}
	channel, _ := other["channel-prefix"].(string)
	prefix, _ := other["key-prefix"].(string)
	database := number(other["database"])
	attempts := [][]any{{"publish", channel + "news", "x"}, {"subscribe", channel + "news"}, {"psubscribe", channel + "*"}, {"psubscribe", "*"}}
	if database == 0 {
		attempts = append(attempts, []any{"get", prefix + "shared"}, []any{"set", prefix + "shared", "x"}, []any{"rename", s.prefix + "shared", prefix + "shared"},
			[]any{"del", prefix + "shared"}, []any{"sort", s.prefix + "list", "get", prefix + "*"})
	} else {
		attempts = append(attempts, []any{"select", database}, []any{"move", "shared", database}, []any{"copy", "shared", "shared", "db", database},
			[]any{"swapdb", database, number(other["database"]) - 1})
	}
	var refused []error
	for _, attempt := range attempts {
		err := s.do(ctx, attempt...)
		if err == nil {
			return nil
		}
		refused = append(refused, err)
	}
	return errors.Join(refused...)
}

// number returns a number of credentials, which may have come as JSON.
func number(value any) int {
	switch value := value.(type) {
	case float64:
		return int(value)
	case interface{ Int64() (int64, error) }:
		n, _ := value.Int64()
		return int(n)
	case int:
		return value
	default:
		return -1
	}
}

// service describes the provider to the common tests.
func (s *testServer) service(settings ...string) *servicetest.Service {
	return &servicetest.Service{
		Definition: redis.Definition, Settings: s.settings(settings...), Small: "small", Large: "large",
		Open:  func(ctx context.Context, c openbroker.Credentials) (servicetest.Session, error) { return login(ctx, c) },
		Reach: reach, Dump: s.dump, Server: s, Log: s.home.Log, ReadOnly: true,
	}
}

// catalogWith returns a catalog whose plans have these settings of the provider.
func catalogWith(small, large string) string {
	plan := func(id, name, settings string) string {
		return "\n      - {id: " + id + ", name: " + name + ", description: A plan., free: true, binding_rotatable: true, redis: {" + settings + "}}"
	}
	return `
services:
  - id: 5f0b7c1e-66b7-4b0c-9d0e-000000000000
    name: redis
    description: Redis.
    bindable: true
    plan_updateable: true
    instances_retrievable: true
    bindings_retrievable: true
    plans:` + plan("5f0b7c1e-66b7-4b0c-9d0e-000000000001", "small", small) + plan("5f0b7c1e-66b7-4b0c-9d0e-000000000002", "large", large) + "\n"
}

// refusedWith fails the test unless the error of the server begins with a text.
func refusedWith(t *testing.T, err error, prefix, what string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), prefix) {
		t.Errorf("%s: error %v, want %s", what, err, prefix)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
