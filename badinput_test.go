package openbroker_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

// The handler answers bad input with a JSON object whose description names the
// problem, and does not call the broker.

// bodyRequests returns the requests that have a body.
var bodyRequests = []struct{ method, path, body string }{
	{http.MethodPut, instancePath, provisionBody},
	{http.MethodPatch, instancePath, updateBody},
	{http.MethodPut, bindingPath, bindBody},
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for name, c := range map[string]struct {
		body   string
		status int
		part   string
	}{
		"empty":                 {"", http.StatusBadRequest, "empty"},
		"white space":           {" \t\r\n", http.StatusBadRequest, "empty"},
		"array":                 {"[]", http.StatusBadRequest, "must be a JSON object"},
		"array of objects":      {"[" + provisionBody + "]", http.StatusBadRequest, "must be a JSON object"},
		"null":                  {"null", http.StatusBadRequest, "must be a JSON object"},
		"string":                {`"x"`, http.StatusBadRequest, "must be a JSON object"},
		"number":                {"7", http.StatusBadRequest, "must be a JSON object"},
		"boolean":               {"true", http.StatusBadRequest, "must be a JSON object"},
		"malformed":             {`{"service_id" "x"}`, http.StatusBadRequest, "not valid JSON"},
		"single quotes":         {`{'service_id':'x'}`, http.StatusBadRequest, "not valid JSON"},
		"trailing comma":        {`{"service_id":"x",}`, http.StatusBadRequest, "not valid JSON"},
		"truncated":             {provisionBody[:len(provisionBody)-1], http.StatusBadRequest, "not valid JSON"},
		"truncated in a string": {provisionBody[:20], http.StatusBadRequest, "not valid JSON"},
		"trailing data":         {provisionBody + "x", http.StatusBadRequest, "not valid JSON"},
		"two objects":           {provisionBody + provisionBody, http.StatusBadRequest, "not valid JSON"},
		"trailing brace":        {provisionBody + "}", http.StatusBadRequest, "not valid JSON"},
		"byte order mark":       {"\ufeff" + provisionBody, http.StatusBadRequest, "not valid JSON"},
		"not UTF-8":             {strings.Replace(provisionBody, "{", "{\"parameters\":{\"a\":\"\xff\"},", 1), http.StatusBadRequest, "UTF-8"},
		"UTF-16":                {"\xff\xfe{\x00}\x00", http.StatusBadRequest, "not valid JSON"},
		"control character":     {"{\"service_id\":\"a\nb\"}", http.StatusBadRequest, "not valid JSON"},
		"NUL":                   {"\x00", http.StatusBadRequest, "not valid JSON"},
		"nested too deep":       {deep, http.StatusBadRequest, "not valid JSON"},
		"parameters too deep":   {strings.Replace(provisionBody, "{", `{"parameters":`+deep+",", 1), http.StatusBadRequest, "not valid JSON"},
		"unclosed":              {strings.Repeat("{\"a\":[", 100_000), http.StatusBadRequest, "not valid JSON"},
		"too large":             {strings.Replace(provisionBody, "{", `{"parameters":{"a":"`+strings.Repeat("x", 1<<20)+`"},`, 1), http.StatusRequestEntityTooLarge, "1048576 bytes"},
		"form":                  {"service_id=service-1&plan_id=plan-small", http.StatusBadRequest, "not valid JSON"},
	} {
		for _, r := range bodyRequests {
			a := s.do(r.method, r.path, c.body)
			if a.status != c.status {
				t.Errorf("%s: got %d %s", name, a.status, a.body)
			}
			a.wantError(t, c.status, c.part)
			if len(a.body) > 300 {
				t.Errorf("%s: the response repeats the body: %.300s", name, a.body)
			}
		}
	}
	wantNoCall(t, broker)
}

// TestBadFields puts a value of another type into each field.
func TestBadFields(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	provision, update, bind := bodyRequests[0], bodyRequests[1], bodyRequests[2]
	for _, c := range []struct {
		request struct{ method, path, body string }
		field   string
		kinds   string // the types that the field may have
	}{
		{provision, "service_id", "string"},
		{provision, "plan_id", "string"},
		{provision, "organization_guid", "string"},
		{provision, "space_guid", "string"},
		{provision, "context", "object"},
		{provision, "context.platform", "string"},
		{provision, "context.organization_guid", "string"},
		{provision, "context.space_guid", "string"},
		{provision, "parameters", "object"},
		{provision, "maintenance_info", "object"},
		{provision, "maintenance_info.version", "string"},
		{update, "service_id", "string"},
		{update, "plan_id", "string"},
		{update, "context", "object"},
		{update, "context.platform", "string"},
		{update, "parameters", "object"},
		{update, "previous_values", "object"},
		{update, "previous_values.service_id", "string"},
		{update, "previous_values.plan_id", "string"},
		{update, "previous_values.organization_id", "string"},
		{update, "previous_values.space_id", "string"},
		{update, "previous_values.maintenance_info", "object"},
		{update, "previous_values.maintenance_info.version", "string"},
		{update, "maintenance_info", "object"},
		{update, "maintenance_info.version", "string"},
		{bind, "service_id", "string"},
		{bind, "plan_id", "string"},
		{bind, "app_guid", "string"},
		{bind, "context", "object"},
		{bind, "context.platform", "string"},
		{bind, "bind_resource", "object"},
		{bind, "bind_resource.app_guid", "string"},
		{bind, "bind_resource.route", "string"},
		{bind, "bind_resource.space_guid", "string"},
		{bind, "bind_resource.app_annotations", "object"},
		{bind, "bind_resource.credential_client_id", "string"},
		{bind, "parameters", "object"},
		{bind, "predecessor_binding_id", "string"},
	} {
		for kind, value := range map[string]string{
			"string": `"text"`, "number": "123456789", "boolean": "true", "array": `["secret-value"]`, "object": `{"secret-value":1}`, "huge number": "1e999999",
		} {
			if kind == c.kinds {
				continue
			}
			// Of two equal names, the last one counts.
			nested, closing := `"`+strings.ReplaceAll(c.field, ".", `":{"`)+`":`, strings.Repeat("}", strings.Count(c.field, "."))
			body := strings.TrimSuffix(c.request.body, "}") + "," + nested + value + closing + "}"
			a := s.do(c.request.method, c.request.path, body)
			a.wantError(t, http.StatusBadRequest, c.field)
			if strings.Contains(a.body, "secret-value") || strings.Contains(a.body, "123456789") || strings.Contains(a.body, "1e9") {
				t.Errorf("the response repeats a value: %s", a.body)
			}
		}
	}
	wantNoCall(t, broker)
}

// TestNullFields: null in an optional field counts as absent.
func TestNullFields(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPut, instancePath, strings.Replace(provisionBody, "{", `{"parameters":null,"context":null,"maintenance_info":null,`, 1)},
		{http.MethodPatch, instancePath, `{"service_id":"service-1","plan_id":null,"parameters":null,"context":null,"previous_values":null,"maintenance_info":null}`},
		{http.MethodPatch, instancePath, `{"service_id":"service-1","previous_values":{"service_id":null,"plan_id":null,"organization_id":null,"space_id":null,"maintenance_info":null}}`},
		{http.MethodPut, bindingPath, strings.Replace(bindBody, "{", `{"parameters":null,"context":null,"app_guid":null,"bind_resource":null,"predecessor_binding_id":null,`, 1)},
		{http.MethodPut, bindingPath, strings.Replace(bindBody, "{", `{"bind_resource":{"app_guid":null,"route":null,"space_guid":null,"app_annotations":null,"credential_client_id":null},`, 1)},
	} {
		a := s.do(c.method, c.path, c.body)
		if a.status >= http.StatusMultipleChoices {
			t.Errorf("%s: %d %s", c.body, a.status, a.body)
		}
	}
	received := broker.received()
	if provision := received[0].(*openbroker.ProvisionRequest); provision.Parameters != nil || provision.Context.Raw != nil || provision.MaintenanceInfo != nil {
		t.Errorf("got %+v", provision)
	}
	if bind := received[3].(*openbroker.BindRequest); bind.BindResource != nil || bind.PredecessorBindingID != "" {
		t.Errorf("got %+v", bind)
	}
	for _, body := range []string{`{"service_id":null,"plan_id":"plan-small"}`, `{}`} {
		for _, r := range bodyRequests {
			s.do(r.method, r.path, body).wantError(t, http.StatusBadRequest, "service_id", "required")
		}
	}
}

// badIDs are invalid ids as escaped path segments.
var badIDs = map[string]string{
	"empty":              "",
	"dot":                "%2e",
	"dots":               "%2E%2E",
	"NUL":                "a%00",
	"newline":            "a%0Ab",
	"carriage return":    "a%0D%0ASet-Cookie:x",
	"escape":             "%1B[31m",
	"delete":             "%7F",
	"C1 control":         "%C2%85",
	"not UTF-8":          "%FF",
	"10,000 characters":  strings.Repeat("x", 10_000),
	"10,000 escapes":     strings.Repeat("%2F", 10_000),
	"replacement":        "%EF%BF%BD",
	"overlong UTF-8 dot": "%C0%AE",
}

func TestBadIDs(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for name, id := range badIDs {
		for _, c := range []struct{ method, path, body, field string }{
			{"PUT", "/v2/service_instances/" + id, provisionBody, "instance_id"},
			{"PATCH", "/v2/service_instances/" + id, updateBody, "instance_id"},
			{"DELETE", "/v2/service_instances/" + id + deleteQuery, "", "instance_id"},
			{"GET", "/v2/service_instances/" + id, "", "instance_id"},
			{"GET", "/v2/service_instances/" + id + "/last_operation", "", "instance_id"},
			{"PUT", "/v2/service_instances/" + id + "/service_bindings/b", bindBody, "instance_id"},
			{"PUT", "/v2/service_instances/i/service_bindings/" + id, bindBody, "binding_id"},
			{"DELETE", "/v2/service_instances/i/service_bindings/" + id + deleteQuery, "", "binding_id"},
			{"GET", "/v2/service_instances/i/service_bindings/" + id, "", "binding_id"},
			{"GET", "/v2/service_instances/i/service_bindings/" + id + "/last_operation", "", "binding_id"},
		} {
			a := s.do(c.method, c.path, c.body)
			a.wantError(t, http.StatusBadRequest, c.field)
			if len(a.body) > 300 {
				t.Errorf("%s: %d bytes", name, len(a.body))
			}
		}
	}
	wantNoCall(t, broker)
	// Dot segments that the client did not escape.
	for _, path := range []string{"/v2/service_instances/..", "/v2/service_instances/.", "/v2/service_instances/i/service_bindings/.."} {
		s.raw("GET "+path+" HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\n\r\n").wantError(t, http.StatusBadRequest, "_id")
	}
	wantNoCall(t, broker)
}

// TestBadIDsInBodies: ids in a body must not contain control characters.
func TestBadIDsInBodies(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, value := range []string{`\u0000`, `a\nb`, strings.Repeat("x", 10_000), `\ud800`} {
		for _, c := range []struct{ method, path, body, field string }{
			{"PUT", instancePath, provisionBody, "service_id"},
			{"PUT", instancePath, provisionBody, "plan_id"},
			{"PUT", instancePath, provisionBody, "organization_guid"},
			{"PUT", instancePath, provisionBody, "space_guid"},
			{"PATCH", instancePath, updateBody, "service_id"},
			{"PATCH", instancePath, updateBody, "plan_id"},
			{"PUT", bindingPath, bindBody, "app_guid"},
			{"PUT", bindingPath, bindBody, "predecessor_binding_id"},
		} {
			body := strings.TrimSuffix(c.body, "}") + `,"` + c.field + `":"` + value + `"}`
			a := s.do(c.method, c.path, body)
			a.wantError(t, http.StatusBadRequest, c.field)
			if len(a.body) > 600 {
				t.Errorf("%s: %d bytes", c.field, len(a.body))
			}
		}
	}
	for _, value := range []string{"", "%00"} {
		s.do("PUT", bindingPath, strings.Replace(bindBody, "{", `{"predecessor_binding_id":"`+value+`",`, 1)).wantError(t, http.StatusBadRequest, "predecessor_binding_id")
	}
	wantNoCall(t, broker)
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	long := strings.Repeat("x", 10_000)
	for _, path := range []string{instancePath, bindingPath} {
		for query, part := range map[string]string{
			"":                                               "service_id",
			"?service_id=service-1":                          "plan_id",
			"?plan_id=plan-small":                            "service_id",
			"?service_id=&plan_id=plan-small":                "service_id",
			"?service_id=service-1&plan_id=":                 "plan_id",
			"?service_id=a;plan_id=b":                        "plan_id",
			"?service%5fid&plan_id=plan-small":               "service_id",
			"?service_id=%00&plan_id=plan-small":             "service_id",
			"?service_id=\xff&plan_id=plan-small":            "service_id",
			"?service_id=service-1&plan_id=a%0Ab":            "plan_id",
			"?service_id=service-1&plan_id=" + long:          "plan_id",
			"?service_id=service-1&plan_id=" + foreignPlanID: "plan_id",
		} {
			a := s.do(http.MethodDelete, path+query, "")
			a.wantError(t, http.StatusBadRequest, part)
		}
		for query, part := range map[string]string{
			"?service_id=%00":          "service_id",
			"?plan_id=" + long:         "plan_id",
			"?operation=%00":           "operation",
			"?operation=\xff":          "operation",
			"?operation=" + long + "1": "operation",
		} {
			s.do(http.MethodGet, path+"/last_operation"+query, "").wantError(t, http.StatusBadRequest, part)
			if part != "operation" {
				s.do(http.MethodGet, path+query, "").wantError(t, http.StatusBadRequest, part)
			}
		}
	}
	wantNoCall(t, broker)
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, accepted := range []string{
		"-Content-Type", "Content-Type:", "Content-Type: application/json", "Content-Type: application/json; charset=utf-8",
		"Content-Type: APPLICATION/JSON", "Content-Type: application/json;", "Content-Type: application/vnd.osb+json",
	} {
		for _, r := range bodyRequests {
			if a := s.do(r.method, r.path, r.body, accepted); a.status >= http.StatusMultipleChoices {
				t.Errorf("%s: %d %s", accepted, a.status, a.body)
			}
		}
	}
	calls := len(broker.received())
	for _, refused := range []string{
		"application/x-www-form-urlencoded", "text/plain", "text/json", "application/xml", "multipart/form-data; boundary=x", "junk", "/", ";", "application/json+x",
		strings.Repeat("x", 10_000),
	} {
		for _, r := range bodyRequests {
			a := s.do(r.method, r.path, r.body, "Content-Type: "+refused)
			a.wantError(t, http.StatusBadRequest, "Content-Type", "application/json")
			if len(a.body) > 600 {
				t.Errorf("the response has %d bytes", len(a.body))
			}
		}
	}
	if len(broker.received()) != calls {
		t.Error("the broker was called")
	}
	// Requests without a body need no content type.
	for _, r := range endpointRequests {
		if r.body == "" {
			if a := s.do(r.method, r.path, "", "Content-Type: text/plain"); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", r.name, a.status, a.body)
			}
		}
	}
}

func TestHeaderJunk(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	junk := "X-Junk: " + strings.Repeat("\xff", 1000) + "\r\nX-Junk: \t\r\nx-junk:\r\nCookie: =;=;\r\nAccept: */*;q=x\r\nRange: bytes=0-0\r\nIf-Range: x\r\n"
	a := s.raw("GET /v2/catalog HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\n" + junk + "\r\n")
	if a.status != http.StatusOK || a.object(t)["services"] == nil {
		t.Errorf("got %d %s", a.status, a.body)
	}
	// Of several values, the first one counts.
	a = s.raw("GET /v2/catalog HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nX-Broker-API-Version: x\r\n\r\n")
	if a.status != http.StatusOK {
		t.Errorf("got %d %s", a.status, a.body)
	}
	s.raw("GET /v2/catalog HTTP/1.0\r\nX-Broker-API-Version: x\r\n\r\n").wantError(t, http.StatusBadRequest, "X-Broker-API-Version")
	s.raw("GET http://other/v2/x HTTP/1.1\r\nHost: h\r\n\r\n").wantError(t, http.StatusNotFound)
	s.raw("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n").wantError(t, http.StatusNotFound)
}

// A client that sends less than its Content-Length still gets a response.
func TestTruncatedRequest(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, framing := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
		body := provisionBody
		if strings.HasPrefix(framing, "T") {
			body = fmt.Sprintf("%x\r\n%s\r\n", len(body), body) // without the last chunk
		}
		connection := s.dial()
		_, _ = io.WriteString(connection, "PUT "+instancePath+" HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\n"+framing+"\r\n\r\n"+body)
		_ = connection.CloseWrite()
		receive(t, connection).wantError(t, http.StatusBadRequest, "body")
		connection.Close()
	}
	wantNoCall(t, broker)
}

// TestOversizedRequest: the handler refuses a body that is too large by its
// Content-Length without reading it.
func TestOversizedRequest(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	s.raw("PUT "+instancePath+" HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nContent-Length: 1048577\r\n\r\n").
		wantError(t, http.StatusRequestEntityTooLarge, "1048576 bytes")
}

func TestChunkedRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	head := "PUT " + instancePath + " HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunk := func(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }
	s.raw(head+chunk(provisionBody[:7])+chunk(provisionBody[7:])+"0\r\n\r\n").wantBody(t, http.StatusCreated, "{}")
	s.raw(head+"0\r\n\r\n").wantError(t, http.StatusBadRequest, "empty")
	s.raw(head+chunk(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`)+"0\r\n\r\n").wantError(t, http.StatusRequestEntityTooLarge)
	s.raw(head+"zz\r\n").wantError(t, http.StatusBadRequest)
}

// TestSlowClient: the handler answers a body that does not arrive within the server's
// time limit with 408, which platforms treat as a request that did not arrive.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	server := httptest.NewUnstartedServer(openbroker.NewHandler(broker, discardLog()))
	server.Config.ReadTimeout = 500 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	s := &testServer{Server: server, t: t}
	s.raw("PUT "+instancePath+" HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\nContent-Length: 100\r\n\r\n{").wantError(t, http.StatusRequestTimeout, "in time")
	wantNoCall(t, broker)
}

// TestAbortedClient: if the client disconnects while it sends, the broker is not
// called. If it disconnects while the broker works, the broker's context ends.
func TestAbortedClient(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	ended := make(chan error, 1)
	broker.provision = waitForCancel(ended)
	s := serve(t, broker)
	head := "PUT " + instancePath + " HTTP/1.1\r\nHost: h\r\nX-Broker-API-Version: 2.17\r\n"

	connection := s.dial()
	_, _ = io.WriteString(connection, head+"Content-Length: 100\r\n\r\n{")
	connection.Close()
	s.do(http.MethodGet, "/v2/catalog", "") // The server still works.
	wantNoCall(t, broker)

	connection = s.dial()
	_, _ = fmt.Fprintf(connection, "%sContent-Length: %d\r\n\r\n%s", head, len(provisionBody), provisionBody)
	_ = connection.SetLinger(0)
	started := <-ended
	if started != nil {
		t.Fatal(started)
	}
	connection.Close()
	if err := <-ended; err == nil {
		t.Error("the context has not ended")
	}
}
