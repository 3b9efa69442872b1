package openbroker_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	parameters := openbroker.Parameters(`{"password":"hunter2"}`)
	credentials := openbroker.Credentials{"password": "hunter2"}
	var out bytes.Buffer
	for _, value := range []any{
		parameters, credentials, &parameters, &credentials,
		openbroker.ProvisionRequest{Parameters: parameters, Body: parameters},
		&openbroker.BindRequest{Parameters: parameters, Body: parameters},
		openbroker.UpdateRequest{Parameters: parameters, Body: parameters},
		&openbroker.BindResponse{Credentials: credentials},
		openbroker.GetBindingResponse{Credentials: credentials, Parameters: parameters},
		openbroker.GetInstanceResponse{Parameters: parameters},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		fmt.Fprintln(&out, value)
		out.WriteString(fmt.Errorf("x: %v", value).Error())
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", slog.Any("value", value))
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", slog.Any("parameters", parameters), slog.Any("credentials", credentials))
	for _, leaked := range []string{"hunter2", "68756e74657232", "68756E74657232", "104 117 110"} {
		if strings.Contains(out.String(), leaked) {
			t.Errorf("%q is printed: %s", leaked, out.String())
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("the output is empty")
	}
}

func TestSecretsEncode(t *testing.T) {
	t.Parallel()
	parameters := openbroker.Parameters(`{"password":"hunter2"}`)
	for value, want := range map[any]string{
		&openbroker.BindRequest{Parameters: parameters}:                                      `{"parameters":{"password":"hunter2"}}`,
		&openbroker.BindResponse{Credentials: openbroker.Credentials{"password": "hunter2"}}: `{"credentials":{"password":"hunter2"}}`,
		&openbroker.BindResponse{Credentials: openbroker.Credentials{}}:                      `{"credentials":{}}`,
		&openbroker.BindResponse{}:                                                           `{}`,
	} {
		got, err := json.Marshal(value)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	var decoded openbroker.BindRequest
	data := []byte(`{"parameters":{"a":1}}`)
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got := string(decoded.Parameters); got != `{"a":1}` {
		t.Errorf("the parameters share memory with their source: %q", got)
	}
}

func TestParametersDecode(t *testing.T) {
	t.Parallel()
	var target struct {
		Size  int `json:"size"`
		Inner struct {
			Name string `json:"name"`
		} `json:"inner"`
	}
	if err := openbroker.Parameters(`{"size":5,"inner":{"name":"n"}}`).Decode(&target); err != nil || target.Size != 5 || target.Inner.Name != "n" {
		t.Errorf("%+v, %v", target, err)
	}
	if err := openbroker.Parameters(nil).Decode(&target); err != nil {
		t.Error(err)
	}
	for raw, part := range map[string]string{
		`{"size":"hunter2"}`:         "parameters.size must be an integer, not a string",
		`{"size":77777.5}`:           "parameters.size must be an integer, not a number",
		`{"inner":[]}`:               "parameters.inner must be an object, not an array",
		`{"inner":{"name":{"a":1}}}`: "parameters.inner.name must be a string, not an object",
		`["hunter2"]`:                "parameters must be an object, not an array",
	} {
		err := openbroker.Parameters(raw).Decode(&target)
		var answer *openbroker.Error
		if !errors.Is(err, openbroker.ErrInvalidParameters) || !errors.As(err, &answer) || answer.Description != part {
			t.Errorf("%s: %v", raw, err)
		} else if strings.Contains(answer.Description, "hunter2") || strings.Contains(answer.Description, "77777") {
			t.Errorf("the description repeats a value: %s", answer.Description)
		}
	}
}
