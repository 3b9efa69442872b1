package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// renewShare is the part of the life of credentials after which they should be renewed.
const renewShare = 0.8

// A user is the user of a binding, as a checkpoint has it.
type user struct {
	// Signer is the public key that signed the JWT. Its seed exists no more.
	Signer  string    `json:"signer"`
	JWT     string    `json:"jwt"`
	Seed    string    `json:"seed"`
	Expires time.Time `json:"expires,omitzero"`
	Renew   time.Time `json:"renew,omitzero"`
}

// A bindingState is what is kept of a binding.
type bindingState struct {
	Signer string `json:"signer"`
}

// newUser makes a user of an account and a key that signs only this user.
func newUser(account, name, mode string, subjects []string, ttl time.Duration) (*user, error) {
	signer, public, err := newSigner()
	if err != nil {
		return nil, err
	}
	defer signer.Wipe()
	_, id, seed, err := newKey(nkeys.CreateUser)
	if err != nil {
		return nil, err
	}
	claims := jwt.NewUserClaims(id)
	claims.Name, claims.IssuerAccount = name, account
	claims.Permissions = permissions(name, mode, subjects)
	u := &user{Signer: public, Seed: seed}
	if ttl > 0 {
		now := time.Now().UTC().Truncate(time.Second)
		u.Expires, u.Renew = now.Add(ttl), now.Add(time.Duration(float64(ttl)*renewShare)).Truncate(time.Second)
		claims.Expires = u.Expires.Unix()
	}
	if u.JWT, err = claims.Encode(signer); err != nil {
		return nil, fmt.Errorf("sign the user: %w", err)
	}
	return u, nil
}

func (u *user) creds() creds { return creds{jwt: u.JWT, seed: u.Seed} }

// Bind makes a user. Its key and its JWT are kept before the account lists the key, so
// that a later attempt returns credentials that work.
func (p *Provider) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	a, err := p.describe(binding.Instance)
	if err != nil {
		return durable.BindResult{}, err
	}
	u, err := p.userOf(ctx, task, a, binding)
	if err != nil {
		return durable.BindResult{}, err
	}
	if err := p.list(ctx, a, binding, u.Signer); err != nil {
		return durable.BindResult{}, err
	}
	if err := step.Done(ctx, "list the key of the binding"); err != nil {
		return durable.BindResult{}, err
	}
	if err := p.confirmLogin(ctx, u.creds(), a.plan.jetStream()); err != nil {
		return durable.BindResult{}, err
	}
	credentials, err := p.credentials(a, binding, u)
	if err != nil {
		return durable.BindResult{}, err
	}
	kept, err := json.Marshal(bindingState{Signer: u.Signer})
	return durable.BindResult{
		Credentials: credentials, Endpoints: credential.Endpoints(p.hosts()), State: kept, ExpiresAt: u.Expires, RenewBefore: u.Renew,
	}, err
}

// userOf returns the user of an earlier attempt, or a new one.
func (p *Provider) userOf(ctx context.Context, task *durable.Task, a *account, binding durable.Binding) (*user, error) {
	mode, err := parameters.Mode(binding.Parameters)
	if err != nil {
		return nil, err
	}
	var saved user
	if found, err := task.Load(&saved); err != nil || found {
		return &saved, err
	}
	made, err := newUser(a.id, credential.Username(binding.ResourceName()), mode, a.plan.Subjects, time.Duration(a.plan.CredentialsTTL))
	if err != nil {
		return nil, err
	}
	return made, task.Save(ctx, made)
}

// list pushes the account of a binding with the keys of all other bindings and, unless
// empty, the signer of this one.
func (p *Provider) list(ctx context.Context, a *account, binding durable.Binding, signer string) error {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	var err error
	if a.signers, err = p.signers(ctx, binding.Instance, binding.ID); err != nil {
		return err
	}
	if signer != "" {
		a.signers = append(a.signers, signer)
	}
	token, err := p.push(ctx, a)
	if err != nil {
		return err
	}
	return p.confirm(ctx, a.id, token)
}

// signers returns the keys of the bindings of an instance, except one.
func (p *Provider) signers(ctx context.Context, instance durable.Instance, except string) ([]string, error) {
	records, err := p.awaitRecords(ctx)
	if err != nil {
		return nil, err
	}
	var signers []string
	for binding, err := range records.Bindings(ctx, &instance) {
		if err != nil {
			return nil, fmt.Errorf("the bindings of the instance: %w", err)
		}
		if binding.ID == except {
			continue
		}
		signer, err := signerOf(binding)
		if err != nil {
			return nil, err
		}
		signers = append(signers, signer)
	}
	slices.Sort(signers)
	return signers, nil
}

func signerOf(binding durable.Binding) (string, error) {
	var kept bindingState
	if err := json.Unmarshal(binding.State, &kept); err != nil || kept.Signer == "" {
		return "", errors.New("the state of the binding " + strconv.Quote(binding.ID) + " has no key")
	}
	return kept.Signer, nil
}

// Unbind takes the key of the binding away. The server closes its connections at once.
func (p *Provider) Unbind(ctx context.Context, _ *durable.Task, binding durable.Binding) error {
	a, err := p.describe(binding.Instance)
	if err != nil {
		return err
	}
	stored, err := p.lookup(ctx, a.id)
	if err != nil || stored == "" {
		return err // Without an account there is no user.
	}
	if err := p.list(ctx, a, binding, ""); err != nil {
		return err
	}
	return step.Done(ctx, "take the key of the binding away")
}

// credentials are what an application gets.
func (p *Provider) credentials(a *account, binding durable.Binding, u *user) (openbroker.Credentials, error) {
	text, err := jwt.FormatUserConfig(u.JWT, []byte(u.Seed))
	if err != nil {
		return nil, errors.New("the credentials of the user cannot be written")
	}
	first := p.hosts()[0]
	uris := make([]string, len(p.application))
	for i, u := range p.application {
		uris[i] = u.String()
	}
	return openbroker.Credentials{
		"uri": uris[0], "uris": uris, "host": first.Name, "hostname": first.Name, "port": first.Port,
		"jwt": u.JWT, "seed": u.Seed, "creds": string(text), "account": a.id,
		"inbox-prefix": inboxPrefix + credential.Username(binding.ResourceName()),
	}, nil
}
