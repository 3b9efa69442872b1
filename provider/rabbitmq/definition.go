package rabbitmq

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// definitionName is the name of Definition, and the key of the settings of plans.
const definitionName = "rabbitmq"

//go:embed catalog.yaml
var catalogYAML string

// Settings are those of the configuration.
type Settings struct {
	URL         provider.URL      `yaml:"url" required:"true" doc:"management API: http or https, the account of the broker, and the hosts of one cluster with commas between them, such as http://guest:guest@127.0.0.1:15672"`
	AMQP        provider.URL      `yaml:"amqp" required:"true" doc:"where applications connect: amqp or amqps, and the hosts with commas between them, such as amqp://127.0.0.1:5672"`
	Username    string            `yaml:"username" doc:"name of the broker's account, instead of the one in url"`
	Password    provider.Secret   `yaml:"password" doc:"password of the broker's account, instead of the one in url"`
	Dashboard   provider.URL      `yaml:"dashboard" doc:"management UI as users and applications reach it; url without the account by default"`
	TLS         transport.TLS     `yaml:"tls" doc:"how to connect to an https url"`
	Timeout     provider.Duration `yaml:"timeout" default:"10s" doc:"how long each request to a node may take, except those that create or delete a virtual host"`
	Connections int               `yaml:"connections" min:"2" max:"100" default:"8" doc:"how many connections with each node the broker may have; at most half of them create or delete virtual hosts at a time"`
	Overcommit  int64             `yaml:"overcommit" default:"4" max:"1000" doc:"how many times the connections that the nodes have sockets for may be promised to instances; 0 for any number of times"`
}

// PlanSettings are those of plans. A limit of 0, or none, is no limit.
type PlanSettings struct {
	MaxConnections   int64             `yaml:"max_connections" min:"1" max:"1000000" default:"100" doc:"how many connections an instance may have"`
	MaxQueues        int64             `yaml:"max_queues" min:"1" max:"1000000" default:"100" doc:"how many queues an instance may have, exclusive reply queues included"`
	MaxChannels      int64             `yaml:"max_channels" min:"1" max:"10000000" default:"1000" doc:"how many channels a binding may have"`
	MaxLength        int64             `yaml:"max_length" max:"1000000000" doc:"how many messages a queue may hold; then the oldest are dropped"`
	MaxLengthBytes   int64             `yaml:"max_length_bytes" max:"1099511627776" doc:"how many bytes of messages a queue may hold; then the oldest are dropped"`
	MessageTTL       provider.Duration `yaml:"message_ttl" doc:"how long a message may stay in a queue"`
	Expires          provider.Duration `yaml:"expires" doc:"how long a queue may stay without use"`
	Dashboard        bool              `yaml:"dashboard" default:"true" doc:"whether bindings can use the management UI and its API for their instance"`
	DefaultQueueType string            `yaml:"default_queue_type" enum:"classic,quorum,stream" doc:"type of queues that are declared without one; RabbitMQ 3.11 or newer"`
}

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    definitionName,
	Doc:     "virtual hosts of RabbitMQ",
	Catalog: catalogYAML,
	New: func(ctx context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		return New(ctx, settings, host)
	},
	Check: func(settings Settings) error {
		_, err := settings.target()
		return err
	},
	CheckPlan: func(_ *openbroker.Service, _ *openbroker.Plan, settings PlanSettings) error {
		return settings.check()
	},
})

// maxTTL is the longest time that the server takes, in milliseconds.
const maxTTL = time.Duration(1<<32-1) * time.Millisecond

func (s PlanSettings) check() error {
	for _, limit := range []struct {
		name  string
		value provider.Duration
	}{{"message_ttl", s.MessageTTL}, {"expires", s.Expires}} {
		if d := time.Duration(limit.value); d != 0 && (d < time.Millisecond || d > maxTTL) {
			return &provider.FieldError{Field: limit.name, Err: fmt.Errorf("must be from 1ms to %v", maxTTL.Truncate(time.Hour))}
		}
	}
	return nil
}

// A target is what the settings lead to.
type target struct {
	management, amqp, dashboard address
	username, password          string
}

// target reads the addresses. The error is a [*provider.FieldError], and has no part of
// an address that may be secret.
func (s Settings) target() (target, error) {
	wrong := func(field string, err error) (target, error) {
		return target{}, &provider.FieldError{Field: field, Err: err}
	}
	var t target
	var err error
	if t.management, err = parseAddress(string(s.URL), nodePorts); err != nil {
		return wrong("url", err)
	}
	t.username, t.password = t.management.username, t.management.password
	if s.Username != "" {
		t.username = s.Username
	}
	if s.Password != "" {
		t.password = string(s.Password)
	}
	switch {
	case t.username == "" || t.password == "":
		return wrong("url", errors.New("has no account: write http://USERNAME:PASSWORD@HOST:15672, or add username and password"))
	case strings.Contains(t.username, ":"):
		return wrong("username", errors.New("must not have a colon, which ends the name in HTTP"))
	}
	if t.amqp, err = parseAddress(string(s.AMQP), applicationPorts); err != nil {
		return wrong("amqp", err)
	}
	switch {
	case t.amqp.username != "" || t.amqp.password != "":
		return wrong("amqp", errors.New("must have no account: each binding gets its own"))
	case t.amqp.path != "":
		return wrong("amqp", errors.New("must end after the port: each instance has a virtual host of its own"))
	}
	t.dashboard = t.management
	if s.Dashboard != "" {
		if t.dashboard, err = parseAddress(string(s.Dashboard), userPorts); err != nil {
			return wrong("dashboard", err)
		}
		if t.dashboard.username != "" || t.dashboard.password != "" {
			return wrong("dashboard", errors.New("must have no account: all users of the platform can see it"))
		}
	}
	if t.management.scheme == "http" && s.TLS != (transport.TLS{}) {
		return wrong("tls", errors.New("has no effect with an http url: write https, or remove tls"))
	}
	if t.management.scheme == "https" && s.TLS.Mode == transport.ModeDisable {
		return wrong("tls.mode", errors.New("is disable, and the url is https: write http"))
	}
	if err := s.TLS.Check("tls"); err != nil {
		return target{}, err
	}
	if s.Timeout <= 0 {
		return wrong("timeout", errors.New("must be longer than 0"))
	}
	return t, nil
}
