package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// dropped stands for a value that the run does not have. Its member is left
// out.
type dropped struct{}

// message makes the message for the request of a step.
func (j *job) message(r Request, a *answer) message {
	path := r.Path
	if path == "" {
		path = r.Endpoint.Path()
	}
	path = strings.NewReplacer(
		"{instance, all encoded}", encodeAll(j.instance(r.Instance).id), "{instance}", url.PathEscape(j.instance(r.Instance).id),
		"{binding}", url.PathEscape(j.binding(r.Instance, r.Binding).id),
	).Replace(path)
	query := j.query(r)
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	m := message{method: r.Method, path: path, anonymous: r.Anonymous}
	if m.method == "" {
		m.method = r.Endpoint.Method()
	}
	a.query = query
	if r.HasRaw {
		text := j.expandText(r.Raw)
		m.body = &text
	} else if body := j.body(r); body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			encoded = []byte("{}")
		}
		text := r.Before + string(encoded) + r.After
		m.body = &text
		// The body is parsed so that it compares with the body of a response.
		a.sent, _ = readDocument(encoded).value.(map[string]any)
	}
	m.header = j.header(r, m.body != nil)
	return m
}

func (j *job) header(r Request, body bool) http.Header {
	header := http.Header{}
	header.Set(versionHeader, SpecVersion)
	header.Set(requestHeader, strings.ToUpper(j.run.newID()))
	header.Set("Accept", "application/json")
	header.Set("User-Agent", "openbroker-conformance")
	if r.Endpoint.mutates() {
		header.Set(identityHeader, "cloudfoundry "+encodeIdentity("cloudfoundry"))
	}
	if body {
		header.Set("Content-Type", "application/json")
	}
	for _, edit := range r.Header {
		value, _ := edit.Value.(string)
		if edit.Drop {
			header.Del(edit.Name)
			continue
		}
		header.Set(edit.Name, j.expandText(value))
	}
	return header
}

func (j *job) query(r Request) url.Values {
	query := url.Values{}
	if r.Endpoint.mutates() {
		query.Set("accepts_incomplete", "true")
	}
	switch r.Endpoint {
	case Provision, Update, Bind, GetCatalog:
	default:
		query.Set("service_id", j.subject.serviceID())
		query.Set("plan_id", j.instance(r.Instance).plan)
	}
	if r.OperationOf != "" {
		for _, first := range j.record.of(r.OperationOf) {
			if first.accepted() && first.operation() != "" {
				query.Set("operation", first.operation())
				break
			}
		}
	}
	for _, edit := range r.Query {
		value, _ := edit.Value.(string)
		if edit.Drop {
			query.Del(edit.Name)
			continue
		}
		query.Set(edit.Name, j.expandText(value))
	}
	return query
}

// body makes the body of a request from the template of its endpoint and the
// edits. It is nil if the endpoint has no body.
func (j *job) body(r Request) map[string]any {
	s := j.subject
	place := map[string]any{
		"platform": "cloudfoundry", "organization_guid": j.run.organization, "organization_name": "conformance",
		"space_guid": j.run.space, "space_name": "conformance",
	}
	var body map[string]any
	switch r.Endpoint {
	case Provision:
		place["instance_name"] = "conformance"
		body = map[string]any{
			"service_id": s.serviceID(), "plan_id": s.planID(), "context": place,
			"organization_guid": j.run.organization, "space_guid": j.run.space,
		}
		addParameters(body, s.parameters.provision)
	case Update:
		place["instance_name"] = "conformance"
		body = map[string]any{
			"service_id": s.serviceID(), "context": place,
			"previous_values": map[string]any{
				"service_id": s.serviceID(), "plan_id": j.instance(r.Instance).plan,
				"organization_id": j.run.organization, "space_id": j.run.space,
			},
		}
	case Bind:
		resource := map[string]any{"app_guid": j.run.app}
		if s.has(RouteForwarding) {
			resource["route"] = "conformance.example.com"
		}
		body = map[string]any{
			"service_id": s.serviceID(), "plan_id": j.instance(r.Instance).plan, "context": place, "bind_resource": resource,
		}
		addParameters(body, s.parameters.bind)
	default:
		return nil
	}
	for _, edit := range r.Body {
		value := j.expand(edit.Value)
		if _, leave := value.(dropped); leave || edit.Drop {
			remove(body, edit.Name)
			continue
		}
		assign(body, edit.Name, value)
	}
	return body
}

func addParameters(body, parameters map[string]any) {
	if parameters != nil {
		body["parameters"] = parameters
	}
}

// assign sets a member by its path. It makes missing objects on the path.
func assign(object map[string]any, path string, value any) {
	first, rest, inner := strings.Cut(path, ".")
	if !inner {
		object[first] = value
		return
	}
	next, ok := object[first].(map[string]any)
	if ok {
		next = maps.Clone(next)
	} else {
		next = map[string]any{}
	}
	object[first] = next
	assign(next, rest, value)
}

func remove(object map[string]any, path string) {
	first, rest, inner := strings.Cut(path, ".")
	if !inner {
		delete(object, first)
		return
	}
	if next, ok := object[first].(map[string]any); ok {
		remove(next, rest)
	}
}

// expand replaces the names in braces in strings and in the members of objects.
func (j *job) expand(value any) any {
	s := j.subject
	switch value := value.(type) {
	case map[string]any:
		result := make(map[string]any, len(value))
		for name, inner := range value {
			result[name] = j.expand(inner)
		}
		return result
	case string:
		switch value {
		case "{maintenance_info}":
			if info, found := s.plan["maintenance_info"]; found {
				return info
			}
			return dropped{}
		case "{other parameters}":
			return s.parameters.otherProvision
		case "{invalid parameters}":
			return s.parameters.invalidProvision
		case "{parameters of other plan}":
			return orDropped(s.otherPlan.provision)
		case "{update parameters}":
			return orEmpty(s.parameters.update)
		case "{invalid update parameters}":
			return s.parameters.invalidUpdate
		case "{update parameters of other plan}":
			return orDropped(s.otherPlan.update)
		case "{new plan}":
			if s.has(PlanUpdateable) {
				return s.otherPlanID()
			}
			return dropped{}
		case "{update parameters of new plan}":
			if s.has(PlanUpdateable) {
				return orDropped(s.otherPlan.update)
			}
			return orEmpty(s.parameters.update)
		case "{failing parameters}":
			return s.parameters.failProvision
		case "{parameters of a failing deletion}":
			return s.parameters.failDeprovision
		case "{other bind parameters}":
			return s.parameters.otherBind
		case "{invalid bind parameters}":
			return s.parameters.invalidBind
		case "{parameters or null}":
			return orNull(s.parameters.provision)
		case "{bind parameters or null}":
			return orNull(s.parameters.bind)
		}
		return j.expandText(value)
	default:
		return value
	}
}

func orDropped(parameters map[string]any) any {
	if parameters == nil {
		return dropped{}
	}
	return parameters
}

func orEmpty(parameters map[string]any) any {
	if parameters == nil {
		return map[string]any{}
	}
	return parameters
}

func orNull(parameters map[string]any) any {
	if parameters == nil {
		return nil
	}
	return parameters
}

// expandText replaces the names in braces in a text.
func (j *job) expandText(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	target := j.run.client.target
	basic := func(username, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
	}
	wrong := basic(target.Username, "conformance-"+j.run.newID())
	if target.Bearer != "" {
		wrong = "Bearer conformance." + j.run.newID()
	}
	pairs := []string{
		"{service}", j.subject.serviceID(), "{plan}", j.subject.planID(), "{other plan}", j.subject.otherPlanID(),
		"{plan of another service}", stringOf(j.subject.foreign, "id"),
		"{unknown}", j.run.unknown, "{app}", j.run.app, "{space}", j.run.space,
		"{binding}", j.binding("", "").id, "{other version}", "999.999.999",
		"{wrong}", wrong, "{unknown user}", basic("conformance-"+j.run.unknown, target.Password),
		"{username only}", basic(target.Username, ""),
	}
	for _, platform := range []string{"cloudfoundry", "kubernetes", "other", "array", "text"} {
		pairs = append(pairs, "{base64 "+platform+"}", encodeIdentity(platform))
	}
	if first := j.record.last("catalog"); first != nil {
		pairs = append(pairs, "{etag}", first.header.Get("ETag"), "{last-modified}", first.header.Get("Last-Modified"))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// encodeAll percent-encodes every byte.
func encodeAll(id string) string {
	var b strings.Builder
	for i := range len(id) {
		fmt.Fprintf(&b, "%%%02X", id[i])
	}
	return b.String()
}

// encodeIdentity returns the encoded value of an originating identity.
func encodeIdentity(platform string) string {
	identity := map[string]string{
		"cloudfoundry": `{"user_id": "05bc4ec0-0000-4000-8000-000000000001"}`,
		"kubernetes": `{"username": "conformance", "uid": "05bc4ec0-0000-4000-8000-000000000001", ` +
			`"groups": ["conformance"], "extra": {"conformance": ["true"]}}`,
		"other": `{"anything": {"nested": [1, true, null]}}`,
		"array": `["not an object"]`,
		"text":  `not JSON`,
	}[platform]
	return base64.StdEncoding.EncodeToString([]byte(identity))
}
