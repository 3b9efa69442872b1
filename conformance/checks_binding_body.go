package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// returnsBinding holds for a response that has the information about a binding.
func returnsBinding() Condition {
	return when("the response returns a binding", func(a *answer) bool {
		return a.endpoint == FetchBinding && a.status == 200 || a.endpoint == Bind && a.is(200, 201)
	})
}

func bindingBodyChecks() []Check {
	const section, metadata = "Binding", "Binding Metadata Object"
	endpoints := []Endpoint{Bind, FetchBinding}
	of := func(name string) Condition { return both(returnsBinding(), withValue(name)) }
	requires := func(id, member string, permission string, feature Feature) Check {
		return Check{
			ID: "binding-" + id, Title: "Only services that require " + permission + " return " + member + ".", Level: Must,
			Clause:    spec(section, member+" is only allowed if the service declares "+permission+" in requires."),
			Endpoints: endpoints, If: of(member),
			Expect: expect(each("the service requires "+permission+" in the catalog", func(a *answer) string {
				if a.subject.has(feature) {
					return ""
				}
				return member + " is present although the service does not require " + permission
			})),
		}
	}
	return []Check{
		{
			ID: "binding-credentials", Title: "Credentials are an object.", Level: Must,
			Clause:    spec(section, "credentials is an object."),
			Endpoints: endpoints, If: of("credentials"), Expect: expect(maybe("credentials", anObject)),
		},
		{
			ID: "binding-parameters", Title: "The parameters of a fetched binding are an object.", Level: Must,
			Clause:    spec("Fetching a Service Binding", "parameters is an object."),
			Endpoints: []Endpoint{FetchBinding}, If: of("parameters"), Expect: expect(maybe("parameters", anObject)),
		},
		requires("syslog-drain-declared", "syslog_drain_url", "syslog_drain", SyslogDrain),
		requires("route-service-declared", "route_service_url", "route_forwarding", RouteForwarding),
		requires("volume-mounts-declared", "volume_mounts", "volume_mount", VolumeMount),
		{
			ID: "binding-syslog-drain-url", Title: "A log drain service returns syslog_drain_url.", Level: Must,
			Clause:   spec("Log Drain", "The response to a bind includes syslog_drain_url."),
			Scenario: "binding", Steps: steps("bind"), Needs: []Feature{OnlySyslogDrain},
			Expect: expect(memberReturned("syslog_drain_url", text)),
		},
		{
			ID: "binding-volume-mounts", Title: "A volume service returns volume_mounts.", Level: Must,
			Clause:   spec("Volume Services", "The response to a bind includes volume_mounts."),
			Scenario: "binding", Steps: steps("bind"), Needs: []Feature{OnlyVolumeMount},
			Expect: expect(memberReturned("volume_mounts", anArray)),
		},
		{
			ID: "binding-urls", Title: "syslog_drain_url and route_service_url are URLs.", Level: Must,
			Clause:    spec(section, "syslog_drain_url and route_service_url are URLs."),
			Endpoints: endpoints,
			If: when("the response has a URL", func(a *answer) bool {
				return hasValue(a, "syslog_drain_url") || hasValue(a, "route_service_url")
			}),
			Expect: expect(maybe("syslog_drain_url", aURL.or(null)), maybe("route_service_url", aURL.or(null))),
		},
		{
			ID: "binding-volume-mount", Level: Must, Title: "A volume mount has valid values for driver, container_dir, mode, device_type and device.",
			Clause:    spec("Volume Mount Object", "These members are required. mode is r or rw; device_type is shared."),
			Endpoints: endpoints, If: of("volume_mounts"),
			Expect: expect(elements("volume_mounts", map[string]kind{
				"driver": text, "container_dir": text, "mode": oneOf("r", "rw"), "device_type": oneOf("shared"),
				"device": anObject, "device.volume_id": text,
			}), each("device.mount_config, if present, is an object", func(a *answer) string {
				list, _ := a.object()["volume_mounts"].([]any)
				for _, element := range list {
					if config, found := lookup(element, "device.mount_config"); found && !anObject.is(config) {
						return unless(anObject, "device.mount_config", config)
					}
				}
				return ""
			})),
		},
		{
			ID: "binding-endpoint", Title: "An endpoint has a host and ports.", Level: Must,
			Clause:    spec("Endpoint Object", "host and ports are required. ports is a non-empty array of strings such as \"443\" and \"9000-9010\"."),
			Endpoints: endpoints, If: of("endpoints"),
			Expect: expect(elements("endpoints", map[string]kind{"host": text, "ports": {"a non-empty array of ports and ranges", func(v any) bool {
				list, ok := v.([]any)
				return ok && len(list) > 0 && !slices.ContainsFunc(list, func(e any) bool {
					s, ok := e.(string)
					return !ok || !portPattern.MatchString(s)
				})
			}}})),
		},
		{
			ID: "binding-endpoint-protocol", Title: "The protocol of an endpoint is tcp, udp or all.", Level: Must,
			Clause:    spec("Endpoint Object", "Valid protocols are tcp, udp and all."),
			Endpoints: endpoints, If: of("endpoints"),
			Expect: expect(each("protocol, if present, is tcp, udp or all", func(a *answer) string {
				list, _ := a.object()["endpoints"].([]any)
				for _, element := range list {
					if protocol, found := lookup(element, "protocol"); found && !oneOf("tcp", "udp", "all").is(protocol) {
						return "protocol is " + show(protocol)
					}
				}
				return ""
			})),
		},
		{
			ID: "binding-metadata", Title: "The metadata of a binding is an object.", Level: Must,
			Clause:    spec(section, "metadata is an object."),
			Endpoints: endpoints, If: of("metadata"), Expect: expect(maybe("metadata", anObject)),
		},
		{
			ID: "binding-expires-at", Title: "expires_at is a time in the pattern of the specification.", Level: Must,
			Clause:    spec(metadata, "expires_at follows yyyy-mm-ddThh:mm:ss.sZ."),
			Endpoints: endpoints, If: both(returnsBinding(), with("metadata.expires_at")), Expect: expect(maybe("metadata.expires_at", timestamp)),
		},
		{
			ID: "binding-expires-in-future", Title: "A new binding has not expired.", Level: Should,
			Clause:   spec(metadata, "expires_at is when the binding becomes invalid."),
			Scenario: "binding", Steps: steps("bind"), If: of("metadata.expires_at"),
			Expect: expect(each("expires_at is later than the bind", func(a *answer) string {
				value, _ := lookup(a.json.value, "metadata.expires_at")
				// Clocks may differ by a minute.
				if at, ok := parseTime(value); ok && at.Before(a.exchange.Started.Add(-time.Minute)) {
					return "expires_at is " + show(value)
				}
				return ""
			})),
		},
		{
			ID: "binding-renew-before", Title: "renew_before is a time in the pattern of the specification.", Level: Must,
			Clause:    spec(metadata, "renew_before follows yyyy-mm-ddThh:mm:ss.sZ."),
			Endpoints: endpoints, If: both(returnsBinding(), with("metadata.renew_before")), Expect: expect(maybe("metadata.renew_before", timestamp)),
		},
		{
			ID: "binding-renew-before-expiry", Title: "renew_before is not after expires_at.", Level: Must,
			Clause:    spec(metadata, "renew_before is before or equal to expires_at."),
			Endpoints: endpoints, If: both(of("metadata.renew_before"), withValue("metadata.expires_at")),
			Expect: expect(each("renew_before is at or before expires_at", func(a *answer) string {
				renew, _ := lookup(a.json.value, "metadata.renew_before")
				expires, _ := lookup(a.json.value, "metadata.expires_at")
				before, ok := parseTime(renew)
				end, valid := parseTime(expires)
				if ok && valid && before.After(end) {
					return fmt.Sprintf("renew_before is %s and expires_at %s", show(renew), show(expires))
				}
				return ""
			})),
		},
	}
}

var portPattern = regexp.MustCompile(`^\d+(-\d+)?$`)

func hasValue(a *answer, path string) bool {
	value, found := lookup(a.json.value, path)
	return found && value != nil
}

// withValue holds for a response with a member that is not null.
func withValue(path string) Condition {
	return when("the response has "+path, func(a *answer) bool { return hasValue(a, path) })
}

// memberReturned expects a member in the response to the bind, or in the
// response to the fetch if the bind was asynchronous.
func memberReturned(name string, k kind) Expectation {
	return Expectation{Words: name + " is present and is " + k.words, together: func(j *judgement) string {
		a := j.record.last("bind")
		if a != nil && a.accepted() {
			a = j.record.last("fetch binding")
		}
		if a == nil {
			return "no response has " + name
		}
		value, found := lookup(a.json.value, name)
		if !found {
			return name + " is missing"
		}
		return unless(k, name, value)
	}}.against("fetch binding")
}

// elements expects members in each object of an array.
func elements(name string, members map[string]kind) Expectation {
	return each("each element of "+name+" has the required members with valid values", func(a *answer) string {
		value, _ := lookup(a.json.value, name)
		list, ok := value.([]any)
		if !ok {
			return name + " is " + show(value)
		}
		for i, element := range list {
			for _, path := range sorted(members) {
				inner, found := lookup(element, path)
				where := fmt.Sprintf("%s[%d].%s", name, i, path)
				if !found {
					return where + " is missing"
				}
				if what := unless(members[path], where, inner); what != "" {
					return what
				}
			}
		}
		return ""
	})
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func rotationChecks() []Check {
	const section = "Binding Rotation"
	check := func(id, title, says string, level Level, check Check) Check {
		check.ID, check.Title, check.Level, check.Scenario = "rotate-"+id, title, level, "binding"
		check.Clause = spec(section, says)
		return check
	}
	return []Check{
		check("succeeds", "A binding of a rotatable plan can be rotated.",
			"A request with only predecessor_binding_id creates a new binding with a new id.", Must,
			Check{Steps: steps("rotate"), Expect: expect(status(201, 202))}),
		check("operation-succeeds", "An accepted rotation ends and succeeds.",
			"The request creates a new binding with a new id.", Must,
			Check{Steps: steps("rotate finished"), If: answered("rotate", 202), Expect: expect(succeeds())}),
		check("foreign-predecessor", "A rotation of a binding of another instance is refused.",
			"predecessor_binding_id is the id of a non-expired binding of the same instance.", Must,
			Check{Steps: steps("rotate a binding of another instance"), Expect: expect(refusal())}),
		check("with-service-and-plan", "A rotation that also has service_id and plan_id is processed.",
			"openapi.yaml requires the ids, too. A broker ignores members that it does not expect.", Should,
			Check{Steps: steps("rotate with service and plan"), Expect: expect(status(201, 202))}),
		check("unknown-predecessor", "A rotation of an unknown binding is refused.",
			"predecessor_binding_id is the id of a non-expired binding of the same instance.", Must,
			Check{Steps: steps("rotate an unknown binding"), Expect: expect(refusal())}),
		check("repeated-200", "A repeated rotation is answered with 200.",
			"The answers are those to other binds: 200 if the binding exists.", Should,
			Check{Steps: steps("rotate again"), If: succeededAt("rotate finished"), Expect: expect(status(200))}),
		check("successor-fetched", "The successor can be fetched.",
			"The request creates a new binding with a new id.", Must,
			Check{Steps: steps("fetch the successor"), Expect: expect(status(200))}),
		check("keeps-predecessor", "The predecessor can still be fetched after the rotation.",
			"Both bindings are valid in parallel until they expire or are deleted.", Must,
			Check{Steps: steps("fetch the predecessor"), Expect: expect(status(200))}),
		check("successor-outlives", "The successor can still be fetched after the unbind of the predecessor.",
			"Both bindings are valid in parallel until they expire or are deleted.", Must,
			Check{Steps: steps("fetch the successor after unbinding"), Expect: expect(status(200))}),
		check("successor-unbound", "The successor can be unbound.",
			"Unbind requests have the id of the new binding.", Must,
			Check{Steps: steps("unbind the successor"), Expect: expect(status(200, 202))}),
	}
}
