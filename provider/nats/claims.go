package nats

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// The subjects of the system account.
const (
	subjectUpdate = "$SYS.REQ.CLAIMS.UPDATE"
	subjectDelete = "$SYS.REQ.CLAIMS.DELETE"
	subjectList   = "$SYS.REQ.CLAIMS.LIST"
	subjectLookup = "$SYS.REQ.ACCOUNT.%s.CLAIMS.LOOKUP"
	subjectUsage  = "$SYS.REQ.ACCOUNT.%s.JSZ"
	subjectStore  = "$SYS.REQ.SERVER.PING.JSZ"
	subjectPurge  = "$JS.API.ACCOUNT.PURGE.%s"
)

// nameTag begins the tag of an account that has the resource name of its instance.
const nameTag = "openbroker:"

// pushTag begins the tag that makes each push another one. A server ignores claims that
// it has already had in the same second, also if the account was deleted in between.
const pushTag = "openbroker-push:"

// account describes an account.
type account struct {
	id   string // the public key
	name string // the resource name of the instance
	plan PlanSettings
	// signers are the public keys that sign the users of bindings.
	signers []string
}

// claims returns the claims of an account. Limits that a plan does not have are -1, as
// the constructor makes them: 0 would forbid everything.
func (a *account) claims() *jwt.AccountClaims {
	c := jwt.NewAccountClaims(a.id)
	c.Name = a.name
	c.Tags.Add(nameTag+a.name, pushTag+rand.Text())
	l := &c.Limits
	l.Conn, l.Subs, l.Payload = a.plan.MaxConnections, a.plan.MaxSubscriptions, a.plan.MaxPayloadBytes
	l.LeafNodeConn, l.Imports, l.Exports, l.WildcardExports, l.DisallowBearer = 0, 0, 0, false, true
	if a.plan.jetStream() {
		l.MemoryStorage, l.DiskStorage = a.plan.MemoryBytes, a.plan.DiskBytes
		l.Streams, l.Consumer = a.plan.MaxStreams, a.plan.MaxConsumers
	}
	c.SigningKeys.Add(a.signers...)
	return c
}

func (p PlanSettings) jetStream() bool { return p.DiskBytes > 0 || p.MemoryBytes > 0 }

// push sends an account to the servers, and returns its JWT.
func (p *Provider) push(ctx context.Context, a *account) (string, error) {
	token, err := a.claims().Encode(p.operator.key)
	if err != nil {
		return "", fmt.Errorf("sign the account: %w", err)
	}
	var response struct {
		Account string `json:"account"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := p.link.request(ctx, subjectUpdate, []byte(token), &response); err != nil {
		return "", fmt.Errorf("push the account: %w", err)
	}
	if response.Code != 200 {
		return "", fmt.Errorf("push the account: the server answers %d: %s", response.Code, response.Message)
	}
	return token, nil
}

// errForeignOperator means that the server keeps an account and does not use it.
var errForeignOperator = errors.New("the server does not use the account: is operator_seed that of the server's operator?")

// confirm waits until the servers have the account as it was pushed.
func (p *Provider) confirm(ctx context.Context, id, token string) error {
	return p.retry(ctx, func() error {
		stored, err := p.lookup(ctx, id)
		if err == nil && stored != token {
			err = errors.New("the server has other claims of the account than the broker pushed")
		}
		return err
	})
}

// confirmLogin waits until a user can log in: the server answers a push with 200 even if
// the account is of no use to it.
func (p *Provider) confirmLogin(ctx context.Context, user creds, jetStream bool) error {
	err := p.retry(ctx, func() error { return p.link.try(ctx, user, jetStream) })
	if errors.Is(err, client.ErrAuthorization) {
		return fmt.Errorf("%w (%w)", errForeignOperator, err)
	}
	return err
}

// retry repeats f, because the servers of a cluster learn of an account one after the
// other, for as long as a request may take.
func (p *Provider) retry(ctx context.Context, f func() error) error {
	waiting, cancel := context.WithTimeout(ctx, p.link.timeout)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		err := f()
		if err == nil || ctx.Err() != nil || away(err) {
			return unreachable(ctx, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-waiting.Done():
			timer.Stop()
			return err
		}
	}
}

// lookup returns the JWT of an account, or an empty string if the servers have none.
func (p *Provider) lookup(ctx context.Context, id string) (string, error) {
	token, err := p.link.ask(ctx, fmt.Sprintf(subjectLookup, id), nil)
	return string(token), explain(err)
}

// delete deletes an account from the servers. It is no error if they have none.
func (p *Provider) delete(ctx context.Context, id string) error {
	claims := jwt.NewGenericClaims(p.operator.public)
	claims.Data["accounts"] = []string{id}
	token, err := claims.Encode(p.operator.key)
	if err != nil {
		return fmt.Errorf("sign the deletion of the account: %w", err)
	}
	var refused *refusal
	err = p.link.request(ctx, subjectDelete, []byte(token), nil)
	switch {
	case errors.As(err, &refused) && strings.Contains(refused.description, "not trusted"):
		return fmt.Errorf("operator_seed is not that of the server's operator: %w", err)
	case errors.As(err, &refused) && strings.Contains(refused.description, "delete must be enabled"):
		return fmt.Errorf("accounts cannot be deleted: set allow_delete: true in the resolver of the server: %w", err)
	case err != nil:
		return fmt.Errorf("delete the account: %w", err)
	}
	return nil
}

// ids yields the public keys of all accounts of the servers.
func (p *Provider) ids(ctx context.Context) ([]string, error) {
	var list []string
	if err := p.link.request(ctx, subjectList, nil, &list); err != nil {
		return nil, fmt.Errorf("list the accounts: %w", err)
	}
	slices.Sort(list)
	return list, nil
}

// nameOf returns the resource name that an account has. ok is false for an account that
// no broker with this operator made.
func (p *Provider) nameOf(token string) (name string, ok bool) {
	claims, err := jwt.DecodeAccountClaims(token)
	if err != nil || claims.Issuer != p.operator.public {
		return "", false
	}
	for _, tag := range claims.Tags {
		if name, ok = strings.CutPrefix(tag, nameTag); ok {
			return name, true
		}
	}
	return "", false
}

// newKey makes a key and returns it with its public part and its seed.
func newKey(create func() (nkeys.KeyPair, error)) (key nkeys.KeyPair, public, seed string, err error) {
	if key, err = create(); err != nil {
		return nil, "", "", err
	}
	if public, err = key.PublicKey(); err != nil {
		return nil, "", "", err
	}
	secret, err := key.Seed()
	return key, public, string(secret), err
}
