package main_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// A collector receives spans by OTLP over HTTP.
type collector struct {
	t   *testing.T
	url string

	mu    sync.Mutex
	spans []*tracepb.Span
	// services are the names of the programs that have sent spans.
	services map[string]bool
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{t: t, services: map[string]bool{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request collectortrace.ExportTraceServiceRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		c.t.Errorf("%s: %v", r.URL, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		c.services[attribute(resource.GetResource().GetAttributes(), "service.name")] = true
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// find returns the span with the name and the attribute, or nil.
func (c *collector) find(name, key, value string) *tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.GetName() == name && attribute(span.GetAttributes(), key) == value {
			return span
		}
	}
	return nil
}

func (c *collector) await(name, key, value string) *tracepb.Span {
	c.t.Helper()
	var span *tracepb.Span
	await(c.t, "the span "+name, func() bool { span = c.find(name, key, value); return span != nil })
	return span
}

// attribute returns the value of an attribute as text, or "".
func attribute(attributes []*commonpb.KeyValue, key string) string {
	for _, a := range attributes {
		if a.GetKey() != key {
			continue
		}
		if _, isInt := a.GetValue().GetValue().(*commonpb.AnyValue_IntValue); isInt {
			return fmt.Sprint(a.GetValue().GetIntValue())
		}
		return a.GetValue().GetStringValue()
	}
	return ""
}

// picture shows the spans of traces, each below its parent.
func picture(traces [][]byte, spans []*tracepb.Span) string {
	var text strings.Builder
	names := map[string]string{}
	for _, span := range spans {
		names[hex.EncodeToString(span.GetSpanId())] = span.GetName()
	}
	var draw func(parent []byte, trace []byte, indent string)
	draw = func(parent, trace []byte, indent string) {
		for _, span := range spans {
			if string(span.GetTraceId()) != string(trace) || string(span.GetParentSpanId()) != string(parent) {
				continue
			}
			line := []string{indent + span.GetName()}
			for _, key := range []string{"http.response.status_code", "openbroker.attempt", "openbroker.outcome"} {
				if value := attribute(span.GetAttributes(), key); value != "" {
					line = append(line, key[strings.LastIndex(key, ".")+1:]+"="+value)
				}
			}
			text.WriteString(strings.Join(line, "  ") + "\n")
			for _, event := range span.GetEvents() {
				fmt.Fprintf(&text, "%s    event: %s  attempt=%s\n", indent, event.GetName(), attribute(event.GetAttributes(), "openbroker.attempt"))
			}
			for _, link := range span.GetLinks() {
				name := names[hex.EncodeToString(link.GetSpanId())]
				if name == "" {
					name = "the span of the client"
				}
				fmt.Fprintf(&text, "%s    link: %s\n", indent, name)
			}
			draw(span.GetSpanId(), trace, indent+"  ")
		}
	}
	for i, trace := range traces {
		fmt.Fprintf(&text, "trace %d\n", i+1)
		draw(nil, trace, "  ")
	}
	return text.String()
}

type withHeader struct{ name, value string }

func (h withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set(h.name, h.value)
	return http.DefaultTransport.RoundTrip(r)
}

// A trace leads from a request to the end of its operation, although the process was
// killed in between. docs/telemetry.md shows it.
func TestTraceAcrossKill(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	directory := t.TempDir()
	environment := []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url, "OTEL_METRICS_EXPORTER=none", "OTEL_BSP_SCHEDULE_DELAY=20", "OTEL_SERVICE_NAME=databases",
	}
	p := serve(t, directory, environment, "--config", write(t, directory, "slow.yaml", slow))
	// A client that asks not to be sampled. Its trace id is not used.
	const clientTrace, clientSpan = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	client := &http.Client{Transport: withHeader{"Traceparent", "00-" + clientTrace + "-" + clientSpan + "-00"}}
	body := map[string]any{
		"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.SmallPlanID, "organization_guid": "my-organization", "space_guid": "my-space",
	}
	accepted, err := p.try(client, "PUT", instance+"?accepts_incomplete=true", body)
	if err != nil || accepted.status != http.StatusAccepted {
		t.Fatalf("%+v, %v", accepted, err)
	}
	operation := accepted.text("operation")
	c.await("accept provision", "openbroker.operation.id", operation)
	request := c.await("PUT /v2/service_instances/{instance_id}", "http.response.status_code", "202")
	p.kill()
	killed := p.stderr.String()

	p = serve(t, directory, environment, "--config", write(t, directory, "swift.yaml", swift))
	await(t, "the provision", func() bool { return poll(p, operation).text("state") == "succeeded" })
	p.stop()
	attempt := c.await("attempt provision", "openbroker.operation.id", operation)

	c.mu.Lock()
	defer c.mu.Unlock()
	page, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b *tracepb.Span) int { return int(a.GetStartTimeUnixNano()) - int(b.GetStartTimeUnixNano()) })
	if shown := picture([][]byte{request.GetTraceId(), attempt.GetTraceId()}, spans); !strings.Contains(string(page), shown) {
		t.Errorf("docs/telemetry.md does not show these traces:\n%s", shown)
	}
	if hex.EncodeToString(request.GetTraceId()) == clientTrace {
		t.Error("the trace id is that of the client")
	}
	if link := request.GetLinks()[0]; hex.EncodeToString(link.GetTraceId()) != clientTrace || hex.EncodeToString(link.GetSpanId()) != clientSpan {
		t.Errorf("the first link of the request is %v", link)
	}
	if len(c.services) != 1 || !c.services["databases"] {
		t.Errorf("services %v", c.services)
	}
	// Log lines name the spans.
	line := func(log, what string) string {
		for line := range strings.Lines(log) {
			if strings.Contains(line, what) {
				return line
			}
		}
		return ""
	}
	for what, want := range map[string][]string{
		line(killed, "msg=request method=PUT"):               {"trace_id=" + hex.EncodeToString(request.GetTraceId()), "span_id=" + hex.EncodeToString(request.GetSpanId())},
		line(p.stderr.String(), `msg="operation succeeded"`): {"trace_id=" + hex.EncodeToString(attempt.GetTraceId()), "span_id=" + hex.EncodeToString(attempt.GetSpanId())},
	} {
		for _, id := range want {
			if !strings.Contains(what, id) {
				t.Errorf("the log line %q lacks %s", what, id)
			}
		}
	}
	// Nothing confidential is in a span.
	for _, span := range c.spans {
		for _, secret := range []string{p.password, "my-organization", "my-space"} {
			if text := span.String(); strings.Contains(text, secret) {
				t.Errorf("the span %s contains %q", span.GetName(), secret)
			}
		}
	}
}

// Variables that would be ignored are errors.
func TestTelemetryVariables(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc":                  `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": it must be http/protobuf`,
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector:4318": "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL such as http://127.0.0.1:4318",
		"OTEL_TRACES_EXPORTER=zipkin":                       `OTEL_TRACES_EXPORTER is "zipkin": it must be otlp or none`,
	} {
		directory := t.TempDir()
		code, _, stderr := command(t, directory, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", variable}, "serve", "--listen", "127.0.0.1:0")
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d\n%s", variable, code, stderr)
		}
		if entries, err := os.ReadDir(directory); err != nil || len(entries) > 0 {
			t.Errorf("%s: files %v, %v", variable, entries, err)
		}
	}
}
