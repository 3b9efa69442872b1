package specimen

import (
	"crypto/rand"
	"encoding/json"
	"time"
)

// A binding is a service binding that exists or has existed.
type binding struct {
	id          string
	instance    *instance
	attributes  string // what a repeated bind request must match
	parameters  object
	predecessor string // the id of the predecessor, or ""
	password    string
	expires     time.Time

	gone    bool
	halted  bool // it was deleted during its creation
	active  *operation
	history []*operation
}

// findBinding returns a binding of an instance, or nil if it has never existed.
func (b *Broker) findBinding(instanceID, bindingID string) *binding {
	if i := b.instances[instanceID]; i != nil {
		return i.bindings[bindingID]
	}
	return nil
}

func (s *binding) lives() bool { return s != nil && !s.gone && !s.instance.gone }

func (i *instance) bindingActive() bool {
	for _, s := range i.bindings {
		if s.lives() && s.active != nil {
			return true
		}
	}
	return false
}

// lifetime is the lifetime of an expiring binding.
const lifetime = 24 * time.Hour

// timestamp is the pattern of the specification for expires_at and
// renew_before.
const timestamp = "2006-01-02T15:04:05.0Z"

func (b *Broker) newBinding(q *request, i *instance) *binding {
	s := &binding{
		id: q.bindingID, instance: i, attributes: bindAttributes(q), parameters: parameters(q),
		predecessor: q.body.text("predecessor_binding_id"), password: rand.Text(),
	}
	if i.plan.expiring {
		s.expires = b.config.Now().UTC().Add(lifetime).Truncate(time.Second)
	}
	if b.broken("bind.same-credentials") {
		s.password = "the-same-for-all"
	}
	i.bindings[s.id] = s
	return s
}

// bindAttributes returns the attributes that "different parameters" means in
// "Binding".
func bindAttributes(q *request) string {
	return canonical([]any{
		q.body.text("service_id"), q.body.text("plan_id"), q.body.text("app_guid"), q.body.object("bind_resource"),
		q.body.text("predecessor_binding_id"), parameters(q),
	})
}

// document returns the body of 200 and 201 responses, and of a fetch.
func (s *binding) document(b *Broker) object {
	var body object
	switch s.instance.service.requirement() {
	case "syslog_drain":
		body = s.drain(b)
	case "route_forwarding":
		body = s.routeService(b)
	case "volume_mount":
		body = s.volume(b)
	default:
		body = s.credentials(b)
	}
	if !s.expires.IsZero() {
		body["metadata"] = s.metadata(b)
	}
	switch {
	case b.broken("binding.empty"):
		return object{}
	case b.varies("extension-fields"):
		body["specimen.extension"] = []any{1}
	case b.broken("binding.metadata-array"):
		body["metadata"] = []any{}
	case b.broken("binding.drain-unannounced") && s.instance.service.requires == nil:
		body["syslog_drain_url"] = "syslog://logs.example.com:514"
	case b.broken("binding.route-unannounced") && s.instance.service.requires == nil:
		body["route_service_url"] = "https://proxy.example.com"
	case b.broken("binding.volume-unannounced") && s.instance.service.requires == nil:
		body["volume_mounts"] = s.volume(b)["volume_mounts"]
	case b.broken("binding.nulls"):
		for _, name := range []string{"syslog_drain_url", "route_service_url", "volume_mounts"} {
			if _, given := body[name]; !given {
				body[name] = nil
			}
		}
	}
	return body
}

// requirement returns the permission that the service requires, or "".
func (s *service) requirement() string {
	if s.requires == nil {
		return ""
	}
	return s.requires[0]
}

// credentials returns the body for a service on the network.
func (s *binding) credentials(b *Broker) object {
	body := object{
		"credentials": object{
			"username": "user", "password": s.password, "host": "specimen.example.com", "port": 1234,
		},
		"endpoints": []any{object{"host": "specimen.example.com", "ports": []any{"1234", "9000-9010"}, "protocol": "tcp"}},
	}
	switch {
	case b.broken("binding.no-endpoints"):
		delete(body, "endpoints")
	case b.broken("bind.no-credentials"):
		delete(body, "credentials")
	case b.broken("bind.credentials-text"):
		body["credentials"] = "user:" + s.password
	case b.broken("bind.credentials-null"):
		body["credentials"] = nil
	case b.broken("bind.credentials-array"):
		body["credentials"] = []any{s.password}
	case b.broken("bind.credentials-change"):
		body["credentials"] = object{"password": rand.Text()}
	case b.broken("endpoint.object"):
		body["endpoints"] = object{"host": "specimen.example.com", "ports": []any{"1234"}}
	case b.broken("endpoint.text"):
		body["endpoints"] = []any{"specimen.example.com:1234"}
	default:
		s.breakEndpoint(b, body)
	}
	return body
}

func (s *binding) breakEndpoint(b *Broker, body object) {
	endpoint := object{"host": "specimen.example.com", "ports": []any{"1234"}, "protocol": "tcp"}
	switch {
	case b.broken("endpoint.host-missing"):
		delete(endpoint, "host")
	case b.broken("endpoint.host-empty"):
		endpoint["host"] = ""
	case b.broken("endpoint.ports-missing"):
		delete(endpoint, "ports")
	case b.broken("endpoint.ports-empty"):
		endpoint["ports"] = []any{}
	case b.broken("endpoint.ports-numbers"):
		endpoint["ports"] = []any{1234}
	case b.broken("endpoint.ports-text"):
		endpoint["ports"] = "1234"
	case b.broken("endpoint.ports-range"):
		endpoint["ports"] = []any{"1234 to 1240"}
	case b.broken("endpoint.protocol"):
		endpoint["protocol"] = "http"
	default:
		return
	}
	body["endpoints"] = []any{endpoint}
}

func (s *binding) drain(b *Broker) object {
	switch {
	case b.broken("drain.missing"):
		return object{}
	case b.broken("drain.object"):
		return object{"syslog_drain_url": object{"url": "syslog://logs.example.com"}}
	case b.broken("drain.not-a-url"):
		return object{"syslog_drain_url": "logs"}
	}
	return object{"syslog_drain_url": "syslog-tls://logs.example.com:6514/" + s.id}
}

func (s *binding) routeService(b *Broker) object {
	switch {
	case b.broken("route.array"):
		return object{"route_service_url": []any{"https://proxy.example.com"}}
	case b.broken("route.not-a-url"):
		return object{"route_service_url": "proxy"}
	case b.broken("route.http"):
		return object{"route_service_url": "http://proxy.example.com"}
	case b.varies("route-out-of-band"):
		return object{}
	}
	return object{"route_service_url": "https://proxy.example.com/" + s.id}
}

func (s *binding) volume(b *Broker) object {
	device := object{"volume_id": "volume-1", "mount_config": object{"key": "value"}}
	mount := object{
		"driver": "cephdriver", "container_dir": "/data/images", "mode": "r", "device_type": "shared", "device": device,
	}
	switch {
	case b.broken("volume.missing"):
		return object{}
	case b.broken("volume.object"):
		return object{"volume_mounts": mount}
	case b.broken("volume.driver-missing"):
		delete(mount, "driver")
	case b.broken("volume.container-dir-missing"):
		delete(mount, "container_dir")
	case b.broken("volume.mode"):
		mount["mode"] = "readonly"
	case b.broken("volume.mode-missing"):
		delete(mount, "mode")
	case b.broken("volume.device-type"):
		mount["device_type"] = "local"
	case b.broken("volume.device-missing"):
		delete(mount, "device")
	case b.broken("volume.volume-id-missing"):
		delete(device, "volume_id")
	case b.broken("volume.mount-config-text"):
		device["mount_config"] = "key=value"
	}
	return object{"volume_mounts": []any{mount}}
}

// metadata has the expiry of the binding.
func (s *binding) metadata(b *Broker) object {
	metadata := object{
		"expires_at":   s.expires.Format(timestamp),
		"renew_before": s.expires.Add(-time.Hour).Format(timestamp),
	}
	switch {
	case b.varies("only-renew-before"):
		delete(metadata, "expires_at")
	case b.broken("metadata.expires-at-number"):
		metadata["expires_at"] = json.Number("1798761600")
	case b.broken("metadata.expires-at-format"):
		metadata["expires_at"] = s.expires.Format(time.RFC1123)
	case b.broken("metadata.expires-at-offset"):
		metadata["expires_at"] = s.expires.Format("2006-01-02T15:04:05.0") + "+00:00"
	case b.broken("metadata.expires-at-no-fraction"):
		metadata["expires_at"] = s.expires.Format("2006-01-02T15:04:05Z")
	case b.broken("metadata.expires-at-past"):
		metadata["expires_at"] = "1999-01-01T00:00:00.0Z"
		delete(metadata, "renew_before")
	case b.broken("metadata.renew-before-format"):
		metadata["renew_before"] = s.expires.Add(-time.Hour).Format("2006-01-02 15:04:05")
	case b.broken("metadata.renew-before-late"):
		metadata["renew_before"] = s.expires.Add(time.Hour).Format(timestamp)
	case b.broken("metadata.renew-before-null"):
		metadata["renew_before"] = nil
	}
	return metadata
}
