package redis

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// For tests of what no request reaches.
var (
	EscapeGlob = escapeGlob
	ParseUsers = parseUsers
)

// Members returns the decoded members as texts.
func Members(text, asked string) ([]string, error) {
	members, err := parseMembers(text, asked)
	texts := make([]string, len(members))
	for i, m := range members {
		texts[i] = fmt.Sprint(m.address, " ", m.primary)
	}
	return texts, err
}

// Describe returns what a server says of itself.
func Describe(info string) (string, error) {
	s, err := parseServer(info)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(s.engine, " ", s.version, " ", s.primaryAddress, " ", s.replicas, " ", s.keys), nil
}

// Seeds returns the addresses of a URL.
func Seeds(url string) ([]string, error) {
	d, err := newDialer(Settings{URL: provider.URL(url), Check: provider.Duration(time.Second)})
	if err != nil {
		return nil, err
	}
	return d.seeds, nil
}

// A Passer is a provider whose passes a test makes itself.
type Passer struct{ *redis }

// NewPasser starts a provider for a URL.
func NewPasser(ctx context.Context, url string) (Passer, error) {
	p, err := newProvider(ctx, Settings{URL: provider.URL(url), Discover: true, Connections: 4, Check: provider.Duration(time.Hour)}, slog.New(slog.DiscardHandler))
	if err == nil {
		p.passes.seen = map[string]sighting{}
	}
	return Passer{p}, err
}

// Pass compares all users of all nodes with the records once.
func (p Passer) Pass(ctx context.Context, records durable.Records) error {
	p.passes.compareAll()
	return p.pass(ctx, records)
}
