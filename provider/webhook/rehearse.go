package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/internal/rehearsal"
)

var (
	_ provider.Tester  = (*Provider)(nil)
	_ rehearsal.Target = rehearsed{}
)

// Test tests the receiver.
func (p *Provider) Test(ctx context.Context, run provider.TestRun) error {
	r := rehearsed{p}
	return rehearsal.Run(ctx, r, run, r.signatures(run)...)
}

// A rehearsed provider is the target of a test.
type rehearsed struct{ provider *Provider }

// Has reports whether the settings say that the receiver has an operation.
func (r rehearsed) Has(operation message.Operation) bool {
	switch operation {
	case message.Check:
		return r.provider.settings.Check
	case message.List:
		return r.provider.settings.List
	default:
		return true
	}
}

// errInterrupted is the cause of an interruption.
var errInterrupted = errors.New("the test ended the request")

// Call makes one attempt. It polls: no broker runs that could be called back.
func (r rehearsed) Call(ctx context.Context, asked rehearsal.Call) rehearsal.Outcome {
	p, notes := r.provider, new(recorder)
	if asked.Request.ID == "" {
		answer, err := p.ask(ctx, asked.Request, p.retries)
		return rehearsal.Outcome{Answer: answer, Err: err}
	}
	killed := new(crash)
	if asked.Ending == rehearsal.Killed {
		p = p.endingWith(killed)
	}
	e := &exchange{provider: p, logger: slog.New(slog.DiscardHandler), task: notes, request: asked.Request, retries: p.retries, unknown: asked.Unknown}
	if asked.Request.Checkpoint != nil {
		if err := json.Unmarshal(asked.Request.Checkpoint, &e.checkpoint); err != nil {
			return rehearsal.Outcome{Err: err}
		}
		asked.Request.Checkpoint = e.checkpoint.Receiver
	}
	p.complete(e.request)
	e.request.CallbackURL = ""
	e.masker.Request(e.request)
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if asked.Ending != rehearsal.Whole {
		defer time.AfterFunc(asked.After, func() { cancel(errInterrupted) }).Stop()
	}
	answer, err := e.run(work)
	outcome := rehearsal.Outcome{Answer: answer}
	switch {
	case err != nil && errors.Is(context.Cause(work), errInterrupted):
		outcome.Interrupted = true
		if asked.Ending == rehearsal.Cancelled {
			e.cancel(ctx)
		} else {
			killed.happen(ctx)
		}
	case err != nil:
		outcome.Answer, outcome.Err = nil, e.forgetPollAfter(work, err)
	case answer.Err() != nil:
		outcome.Err = e.forgetPollAfter(work, nil)
	}
	outcome.Checkpoint = notes.last()
	return outcome
}

// endingWith returns the provider with connections that end with a crash.
func (p *Provider) endingWith(killed *crash) *Provider {
	ending, c := *p, *p.client
	c.dialled = killed.dialled
	c.connect()
	ending.client = &c
	return &ending
}

// signatures returns the steps about signatures. Each sends the deletion of an instance
// that was never made, so that a receiver that accepts it does no harm.
func (r rehearsed) signatures(run provider.TestRun) []rehearsal.Step {
	wrong := make([]byte, minSecret)
	_, _ = rand.Read(wrong) // It never fails.
	good := r.provider.client.secrets
	refused := func(name, doc string, change func(c *client, what *call) func(http.Header)) rehearsal.Step {
		return rehearsal.Step{Name: name, Doc: doc, Play: func(ctx context.Context) []string {
			altered := *r.provider.client
			what, err := r.deletion(ctx, run)
			if err != nil {
				return []string{err.Error()}
			}
			altered.alter = change(&altered, what)
			response, err := altered.send(ctx, what)
			switch {
			case err != nil:
				return []string{fmt.Sprintf("the request failed: %v", err)}
			case response.status < 400 || response.status >= 500:
				return []string{fmt.Sprintf("the receiver answers %d: it must refuse the request with 401", response.status)}
			default:
				return nil
			}
		}}
	}
	shift := func(by time.Duration) func(*client, *call) func(http.Header) {
		return func(c *client, _ *call) func(http.Header) {
			c.now = func() time.Time { return time.Now().Add(by) }
			return nil
		}
	}
	return []rehearsal.Step{
		refused("wrong-secret", "a request that is signed with another secret is refused", func(c *client, _ *call) func(http.Header) {
			c.secrets = secrets{wrong}
			return nil
		}),
		refused("no-signature", "a request without a signature is refused", func(*client, *call) func(http.Header) {
			return func(h http.Header) { h.Del(headerSignature) }
		}),
		refused("changed-body", "a request whose body was changed is refused", func(_ *client, what *call) func(http.Header) {
			signed := what.body
			what.body = append([]byte(" "), signed...)
			return func(h http.Header) { good.sign(h, what.id, time.Now(), signed) }
		}),
		refused("old-signature", "a request that was signed an hour ago is refused", shift(-time.Hour)),
		refused("early-signature", "a request that was signed in an hour is refused", shift(time.Hour)),
		{Name: "several-signatures", Doc: "one right signature among others is enough, while secrets are replaced", Play: func(ctx context.Context) []string {
			altered := *r.provider.client
			altered.secrets = append(secrets{wrong}, good...)
			what, err := r.deletion(ctx, run)
			if err == nil {
				var response *response
				if response, err = altered.send(ctx, what); err == nil && response.status >= 300 {
					err = fmt.Errorf("the receiver answers %d", response.status)
				}
			}
			if err != nil {
				return []string{err.Error()}
			}
			return nil
		}},
	}
}

// deletion returns the deletion of an instance that was never made.
func (r rehearsed) deletion(ctx context.Context, run provider.TestRun) (*call, error) {
	request, err := message.ForInstance(ctx, message.Deprovision, nil, durable.Instance{
		Platform: "provider-test", ID: "provider-test-" + rand.Text(), ServiceID: run.Service.ID, Service: run.Service,
		PlanID: run.Plan.ID, Plan: run.Plan, PlanSettings: run.Plan.Extensions[run.Kind],
	})
	if err != nil {
		return nil, err
	}
	request.ID, request.Attempt, request.Generation = rand.Text(), 1, 1
	r.provider.complete(request)
	request.CallbackURL = ""
	body, err := request.Encode()
	return &call{method: http.MethodPost, url: r.provider.client.endpoint, id: messageID(request.ID, 1), body: body}, err
}

// A recorder keeps what the receiver says while it works.
type recorder struct {
	mu         sync.Mutex
	checkpoint json.RawMessage
}

// Save keeps a checkpoint.
func (r *recorder) Save(_ context.Context, v any) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checkpoint = encoded
	return nil
}

func (r *recorder) last() json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checkpoint
}

// Report forgets a description.
func (*recorder) Report(context.Context, string) error { return nil }
