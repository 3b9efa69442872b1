package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// secret is the checkpoint of a bind: a password that the server may know already.
type secret struct {
	Password string `json:"password"`
}

// bindingState is the stored state of a binding: what its user must be.
type bindingState struct {
	// Hash is the SHA-256 of the password, which has more than 230 random bits.
	Hash string `json:"hash"`
	Mode string `json:"mode"`
}

// Bind makes a user on all nodes.
func (p *redis) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	mode, err := parameters.Mode(binding.Parameters)
	if err != nil {
		return durable.BindResult{}, err
	}
	var saved secret
	if found, err := task.Load(&saved); err != nil {
		return durable.BindResult{}, err
	} else if !found {
		saved.Password = credential.Password()
		if err := task.Save(ctx, saved); err != nil {
			return durable.BindResult{}, err
		}
	}
	kept, err := json.Marshal(bindingState{Hash: hashOf(saved.Password), Mode: mode})
	if err != nil {
		return durable.BindResult{}, err
	}
	binding.State = kept
	settings, err := settingsOf(&binding.Instance)
	if err != nil {
		return durable.BindResult{}, err
	}
	rights, err := grantOf(&binding, settings)
	if err != nil {
		return durable.BindResult{}, err
	}
	nodes, registry, err := p.reach(ctx)
	if err != nil {
		return durable.BindResult{}, p.wait(ctx, err)
	}
	present, err := registry.get(ctx, binding.Instance.ResourceName())
	if err == nil && present == nil {
		err = errors.New("the server has no record of the instance")
	}
	if err == nil && present.Database != rights.database {
		err = fmt.Errorf("the instance has the logical database %d in the records of the broker, and %d in those of the server", rights.database, present.Database)
	}
	if err == nil {
		err = setUser(ctx, nodes, credential.Username(binding.ResourceName()), rights)
	}
	if err != nil {
		return durable.BindResult{}, p.wait(ctx, err)
	}
	credentials, err := p.credentials(&binding, rights, saved.Password)
	endpoints := credential.Endpoints([]credential.Host{{Name: p.endpoint.host, Port: p.endpoint.port}})
	return durable.BindResult{Credentials: credentials, Endpoints: endpoints, State: kept}, err
}

// Unbind deletes the user on all nodes, and with it all connections.
func (p *redis) Unbind(ctx context.Context, _ *durable.Task, binding durable.Binding) error {
	nodes, err := p.network.nodes(ctx)
	if err == nil {
		p.unbinds.RLock()
		defer p.unbinds.RUnlock()
		err = deleteUser(ctx, nodes, credential.Username(binding.ResourceName()))
	}
	return p.wait(ctx, err)
}

// grantOf returns what the user of a binding may do, by the states of binding and instance
// and the settings of the plan.
func grantOf(binding *durable.Binding, settings PlanSettings) (*grant, error) {
	instance, ok := stateOf(&binding.Instance)
	if !ok {
		return nil, errors.New("the records of the broker have no state of the instance")
	}
	var user bindingState
	if err := json.Unmarshal(binding.State, &user); err != nil || user.Hash == "" {
		return nil, errors.New("the records of the broker have no state of the binding")
	}
	return &grant{
		hash: user.Hash, prefix: prefixOf(&binding.Instance), isolation: instance.Isolation, database: instance.Database,
		mode: user.Mode, scripts: settings.Scripts, commands: settings.Commands,
	}, nil
}

// credentials returns what applications get. The URI has no options: clients of Redis
// differ in those that they know.
func (p *redis) credentials(binding *durable.Binding, rights *grant, password string) (openbroker.Credentials, error) {
	name := credential.Username(binding.ResourceName())
	scheme := "redis"
	if p.endpoint.encrypted {
		scheme = "rediss"
	}
	uri := url.URL{
		Scheme: scheme, User: url.UserPassword(name, password),
		Host: net.JoinHostPort(p.endpoint.host, strconv.Itoa(p.endpoint.port)), Path: "/" + strconv.Itoa(rights.database),
	}
	credentials := openbroker.Credentials{
		"uri": uri.String(), "url": uri.String(), "host": p.endpoint.host, "hostname": p.endpoint.host, "port": p.endpoint.port,
		"username": name, "password": password, "database": rights.database, "ssl": p.endpoint.encrypted, "channel-prefix": rights.prefix, "key-prefix": "",
	}
	if rights.isolation == isolationPrefix {
		credentials["key-prefix"] = rights.prefix
	}
	if !p.endpoint.encrypted {
		return credentials, nil
	}
	credentials["tls_port"] = p.endpoint.port
	ca, err := p.endpoint.ca()
	if err != nil {
		return nil, err
	}
	if ca != "" {
		credentials["certificates"] = ca
	}
	return credentials, nil
}
