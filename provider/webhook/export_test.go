package webhook

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
)

// Define returns the definition, whose providers a test changes before their use.
func Define(change func(*Provider)) provider.Definition {
	return provider.Define(provider.Spec[Settings, provider.Free]{
		Name: "webhook", Doc: "services", Catalog: catalogYAML, Check: check, CheckFiles: checkFiles,
		New: func(_ context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
			p, err := newProvider(settings, host)
			if err != nil {
				return nil, err
			}
			change(p)
			return withAbilities(p), nil
		},
	})
}

// SetClock replaces the clock, and SetPauses those between retries and polls. Call them
// before the provider is used.
func (p *Provider) SetClock(now func() time.Time) {
	p.client.now = now
	if p.callbacks != nil {
		p.callbacks.now = now
	}
}

// SetPauses makes retries and polls quick.
func (p *Provider) SetPauses(pause time.Duration) {
	p.retryMin, p.retryMax, p.pollMin, p.pollMax = pause, pause, pause, pause
}

// Secrets sign and verify.
type Secrets struct{ secrets }

// ParseSecrets parses secrets.
func ParseSecrets(texts ...string) (Secrets, error) {
	var s Secrets
	for _, text := range texts {
		key, err := parseSecret(text)
		if err != nil {
			return s, err
		}
		s.secrets = append(s.secrets, key)
	}
	return s, nil
}

// Sign sets the headers of a message.
func (s Secrets) Sign(header http.Header, id string, at time.Time, body []byte) {
	s.sign(header, id, at, body)
}

// Verify returns the id of a message.
func (s Secrets) Verify(header http.Header, body []byte, now time.Time, tolerance time.Duration) (string, time.Time, error) {
	m, err := s.verify(header, body, now, tolerance)
	return m.id, m.at, err
}

// A Memory remembers messages.
type Memory struct{ memory }

// NewMemory returns an empty memory.
func NewMemory(tolerance time.Duration) *Memory { return &Memory{memory{tolerance: tolerance}} }

// Accept reports whether a message is new, and remembers it. known is how many are.
func (m *Memory) Accept(id string, at, now time.Time) (accepted bool, known int) {
	is := m.note(signed{id, at}, now) == isNew
	if is {
		m.conclude(signed{id, at}, true)
	}
	return is, len(m.seen)
}

// MaxRemembered is the limit of a Memory.
const MaxRemembered = maxRemembered

// Allowed returns why an address is not allowed.
func Allowed(address string, local bool, networks ...string) error {
	a := addresses{local: local}
	for _, text := range networks {
		network, err := parseNetwork(text)
		if err != nil {
			return err
		}
		a.networks = append(a.networks, network)
	}
	return a.check(netip.MustParseAddr(address))
}

// Outcome is what the provider makes of a response: an error, an acceptance, or an
// answer.
func Outcome(operation message.Operation, status int, header http.Header, body []byte) (accepted bool, answer *message.Answer, err error) {
	r := &response{status: status, header: header, body: body, at: time.Now()}
	if err := r.fault(r.at); err != nil {
		return false, nil, err
	}
	if r.accepted() {
		_, err := r.line()
		return true, nil, err
	}
	answer, err = r.answer(operation)
	return false, answer, err
}

// RetryAfter returns the pause that a response asks for.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	return (&response{header: header}).retryAfter(now)
}
