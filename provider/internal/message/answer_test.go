package message_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/message"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	decode := func(operation message.Operation, text string) *message.Answer {
		t.Helper()
		a, err := message.DecodeAnswer(operation, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range operation.AnswerDefinitions() {
			if valid(t, name, []byte(text)) == nil {
				return a
			}
		}
		t.Errorf("the schemas %v refuse %s", operation.AnswerDefinitions(), text)
		return a
	}
	provisioned := decode(message.Provision, `{"version":1,"dashboard_url":"https://d","metadata":{"labels":{"a":1},"attributes":null},"state":{"n":`+digits+`}}`).Provisioned()
	if provisioned.DashboardURL != "https://d" || fmt.Sprint(provisioned.Metadata.Labels) != "map[a:1]" || string(provisioned.State) != `{"n":`+digits+`}` {
		t.Errorf("%+v", provisioned)
	}
	updated := decode(message.Update, `{"state":null}`).Updated()
	if updated.State != nil || updated.Metadata != nil || updated.DashboardURL != "" {
		t.Errorf("%+v", updated)
	}
	service := &openbroker.Service{Name: "all", Requires: []string{"syslog_drain", "route_forwarding", "volume_mount"}}
	bind := decode(message.Bind, `{"credentials":{"port":`+digits+`,"list":[1e400]},"syslog_drain_url":"syslog://h","route_service_url":"https://r",
		"volume_mounts":[{"driver":"nfs","container_dir":"/d","mode":"rw","device_type":"shared","device":{"volume_id":"v","mount_config":{"a":1}}}],
		"endpoints":[{"host":"h","ports":["1","2-3"],"protocol":"udp"}],
		"expires_at":"2030-01-02T03:04:05.6Z","renew_before":"2030-01-01T03:04:05+01:00","state":"x"}`)
	bound, err := bind.Bound(service)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := json.Marshal(map[string]any(bound.Credentials)); string(n) != `{"list":[1e400],"port":`+digits+`}` {
		t.Errorf("the credentials are %s", n)
	}
	if bound.VolumeMounts[0].Device.VolumeID != "v" || bound.Endpoints[0].Ports[1] != "2-3" || !bound.ExpiresAt.Equal(time.Date(2030, 1, 2, 3, 4, 5, 6e8, time.UTC)) ||
		bound.RenewBefore.IsZero() || string(bound.State) != `"x"` || bound.SyslogDrainURL != "syslog://h" || bound.RouteServiceURL != "https://r" {
		t.Errorf("%+v", bound)
	}
	if _, err := bind.Bound(&openbroker.Service{Name: "none"}); err == nil || strings.Count(err.Error(), "add it to requires in the catalog") != 3 {
		t.Error(err)
	}
	if _, err := bind.Bound(nil); err != nil {
		t.Error(err)
	}
	if got := decode(message.List, `{"resources":["a","b"]}`).Resources; !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Error(got)
	}
	for _, operation := range message.Operations() {
		for text, want := range map[string]string{
			"{}": "", `{"error":null,"retry_after":null}`: "",
			`{"retry_after":1.5}`: "the provider asks for another attempt",
			`{"error":{"status":422,"error":"QuotaExceeded","description":"Full."}}`:                "422 QuotaExceeded: Full.",
			`{"retry_after":0,"error":{"status":503,"description":"Busy.","instance_usable":true}}`: "503 Busy.",
		} {
			err := decode(operation, text).Err()
			if fmt.Sprint(err) != want && (want != "" || err != nil) {
				t.Errorf("%s: %v", text, err)
			}
			var public *openbroker.Error
			if errors.As(err, &public) && public.Status == 503 && (public.InstanceUsable == nil || !*public.InstanceUsable) {
				t.Errorf("%+v", public)
			}
		}
	}
}

// Each fault has a place and a text that helps, without values.
func TestFaultyAnswers(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		operation  message.Operation
		text, want string
	}{
		{message.Bind, "", "line 1, column 1: the answer is empty: it must be a JSON object, at least {}"},
		{message.Bind, " \n", "line 1, column 1: the answer is empty: it must be a JSON object, at least {}"},
		{message.Bind, "Segmentation fault", "line 1, column 1: the answer is not valid JSON: invalid character 'S' looking for beginning of value"},
		{message.Bind, "{}\n{}", "line 2, column 1: the answer is not valid JSON: invalid character '{' after top-level value"},
		{message.Bind, `{"credentials":`, "line 1, column 16: the answer is not valid JSON: unexpected end of JSON input"},
		{message.Bind, "[]", "line 1, column 1: the answer must be an object, not an array"},
		{message.Bind, "{\"credentials\": {\"a\":\"\xff\"}}", "line 1, column 23: the answer is not UTF-8: save it in that encoding"},
		{message.Bind, "{\n  \"credentials\": \"pw\"}", "line 2, column 18: credentials must be an object, not a string"},
		{message.Bind, `{"Credentials":{}}`, `line 1, column 2: "Credentials" is unknown: did you mean "credentials"?`},
		{message.Bind, `{"pw":"pw"}`, `line 1, column 2: "pw" is unknown`},
		{message.Provision, `{"credentials":{}}`, "line 1, column 2: credentials is no member of the answer to provision"},
		{message.Unbind, `{"state":1}`, "line 1, column 2: state is no member of the answer to unbind"},
		{message.Bind, `{"credentials":{"a":1,"a":2}}`, "line 1, column 23: a name in credentials is repeated: it is on line 1, column 17, too"},
		{message.Bind, `{"state":[{"a":1,"a":2}]}`, "line 1, column 18: a name in state is repeated: it is on line 1, column 12, too"},
		{message.Bind, `{"state":1,"state":2}`, "line 1, column 12: a name is repeated: it is on line 1, column 2, too"},
		{message.Bind, `{"expires_at":"tomorrow"}`, "line 1, column 15: expires_at must be a time of RFC 3339, such as 2030-01-02T15:04:05Z"},
		{message.Bind, `{"expires_at":5}`, "line 1, column 15: expires_at must be a string, not a number"},
		{message.Bind, `{"expires_at":"2030-01-01T00:00:00Z","renew_before":"2030-01-01T00:00:01Z"}`, "line 1, column 53: renew_before must not be later than expires_at"},
		{message.Bind, `{"endpoints":[{"host":"h"}]}`, "line 1, column 14: each of endpoints needs a host and at least one port"},
		{message.Bind, `{"endpoints":[{"host":"h","ports":[80]}]}`, "line 1, column 36: endpoints[0].ports[0] must be a string, not a number"},
		{message.Bind, `{"endpoints":[{"host":"h","ports":[null]}]}`, "line 1, column 36: endpoints[0].ports[0] must not be null"},
		{message.Provision, `{"metadata":{"label":{}}}`, `line 1, column 14: "metadata.label" is unknown: did you mean "labels"?`},
		{message.Provision, `{"version":2}`, "line 1, column 12: version must be 1"},
		{message.Provision, `{"version":1.5}`, "line 1, column 12: version must be a whole number"},
		{message.Provision, `{"state":1,"retry_after":1}`, "line 1, column 10: state has no meaning beside error or retry_after: remove it, or these"},
		{message.Provision, `{"retry_after":-1}`, "line 1, column 16: retry_after must be a number of seconds from 0 to 86400"},
		{message.Provision, `{"retry_after":1e9}`, "line 1, column 16: retry_after must be a number of seconds from 0 to 86400"},
		{message.Provision, `{"retry_after":1e999}`, "line 1, column 16: retry_after must be a smaller number"},
		{message.Provision, `{"retry_after":"5"}`, "line 1, column 16: retry_after must be a number, not a string"},
		{message.Provision, `{"error":"no"}`, "line 1, column 10: error must be an object, not a string"},
		{message.Provision, `{"error":{}}`, "line 1, column 10: error.status must be an HTTP status from 400 to 599; line 1, column 10: error.description must say what users of the platform can do: it is missing or empty"},
		{message.Provision, `{"error":{"status":200,"error":"two words","description":"x"}}`, "line 1, column 20: error.status must be an HTTP status from 400 to 599; line 1, column 32: error.error must be a single word, such as PlanQuotaExceeded"},
		{message.Provision, `{"error":{"status":422,"description":"x","instance_usable":1}}`, "line 1, column 60: error.instance_usable must be a boolean, not a number"},
		{message.List, `{"resources":[""]}`, "line 1, column 14: each of resources must be a resource name"},
		{message.Unbind, `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}`, `line 1, column 2: "a" is unknown; line 1, column 8: "b" is unknown; line 1, column 14: "c" is unknown; line 1, column 20: "d" is unknown; line 1, column 26: "e" is unknown; and 2 more`},
		{message.Unbind, strings.Repeat(" ", message.MaxAnswer+1), "line 1, column 1: the answer has more than 1048576 bytes"},
		{message.Unbind, strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "line 1, column 202: the answer is nested more than 200 levels deep"},
	} {
		_, err := message.DecodeAnswer(x.operation, []byte(x.text))
		var problems message.DecodeErrors
		if !errors.As(err, &problems) || err.Error() != x.want {
			t.Errorf("%.80s:\n     %v\nwant %s", x.text, err, x.want)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ text, want string }{
		{`{"description":"half"}`, ""},
		{`{"checkpoint":{"n":` + digits + `}}`, ""},
		{`{"description":null,"checkpoint":false}`, ""},
		{"{}", "line 1, column 1: the line has neither a description nor a checkpoint"},
		{`{"checkpoint":null}`, "line 1, column 1: the line has neither a description nor a checkpoint"},
		{"half", "line 1, column 1: the line is not valid JSON: invalid character 'h' looking for beginning of value"},
		{`{"checkpoints":"x"}`, `line 1, column 2: "checkpoints" is unknown: did you mean "checkpoint"?`},
		{`{"description":5}`, "line 1, column 16: description must be a string, not a number"},
		{`{"description":"` + strings.Repeat("é", 4001) + `"}`, "line 1, column 16: description has more than 4000 characters"},
		{strings.Repeat(" ", message.MaxLine+1), "line 1, column 1: the line has more than 262144 bytes"},
	} {
		line, err := message.DecodeLine([]byte(x.text))
		if text := fmt.Sprint(err); text != x.want && (err != nil || x.want != "") {
			t.Errorf("%.80s: %s", x.text, text)
		}
		if accepted := valid(t, "line", []byte(x.text)) == nil; accepted != (err == nil) && len(x.text) < 10000 {
			t.Errorf("%.80s: the schema accepts it: %v", x.text, accepted)
		}
		if err == nil && strings.Contains(x.text, digits) && string(line.Checkpoint) != `{"n":`+digits+`}` {
			t.Errorf("the checkpoint is %s", line.Checkpoint)
		}
	}
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ text, want string }{
		{`{"message":"m","answer":{"credentials":{"n":` + digits + `}}}`, ""},
		{`{"message":"m","answer":null,"line":{"description":"half"}}`, ""},
		{`{"answer":{}}`, "line 1, column 1: message must be the webhook-id of the request"},
		{`{"message":"m"}`, "line 1, column 1: the callback must have either an answer or a line"},
		{`{"message":"m","answer":{},"line":{"description":"half"}}`, "line 1, column 1: the callback must have either an answer or a line"},
		{`{"message":"m","answers":{}}`, `line 1, column 16: "answers" is unknown: did you mean "answer"?`},
		{`{"version":1,"operation":"provision"}`, `line 1, column 2: "version" is unknown; line 1, column 14: "operation" is unknown`},
		{`{"message":"m","answer":{"a":1,"a":2}}`, "line 1, column 32: a name in answer is repeated: it is on line 1, column 26, too"},
		{"half", "line 1, column 1: the callback is not valid JSON: invalid character 'h' looking for beginning of value"},
		{strings.Repeat(" ", message.MaxCallback+1), "line 1, column 1: the callback has more than 1052672 bytes"},
	} {
		c, err := message.DecodeCallback([]byte(x.text))
		if text := fmt.Sprint(err); text != x.want && (err != nil || x.want != "") {
			t.Errorf("%.80s: %s", x.text, text)
		}
		if accepted := valid(t, "callback", []byte(x.text)) == nil; accepted != (err == nil) && len(x.text) < 10000 {
			t.Errorf("%.80s: the schema accepts it: %v", x.text, accepted)
		}
		if err == nil && strings.Contains(x.text, digits) && string(c.Answer) != `{"credentials":{"n":`+digits+`}}` {
			t.Errorf("the answer is %s", c.Answer)
		}
	}
	encoded, err := message.NewCancel(&message.Request{ID: "op", Generation: 2}, "op-2").Encode()
	if err != nil || string(encoded) != `{"version":1,"operation":"cancel","id":"op","generation":2,"message":"op-2"}`+"\n" {
		t.Errorf("%s, %v", encoded, err)
	}
	validate(t, "cancel", encoded)
}
