package rabbitmq_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/rabbitmq"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	const all = ".*"
	for parameters, want := range map[string][]string{
		`{}`:                              {all, all, all},
		`{"mode":"rw"}`:                   {all, all, all},
		`{"configure":[]}`:                {"^$", all, all},
		`{"write":["*"],"read":["a"]}`:    {all, `\A(?:.*)\z`, `\A(?:a)\z`},
		`{"read":["a.b*","c|d","(é{x}"]}`: {all, all, `\A(?:a\.b.*|c\|d|\(é\{x\})\z`},
		`{"topics":{"f":{},"e":{"write":["o.*"],"read":[]}}}`: {all, all, all, "e", `\A(?:o\..*)\z`, "^$", "f", all, all},
	} {
		got, err := rabbitmq.Expressions(openbroker.Parameters(parameters))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", parameters, got, err)
		}
	}
}

func TestInvalidAccess(t *testing.T) {
	t.Parallel()
	p := new(rabbitmq.Provider)
	long := strings.Repeat("x", 256)
	const (
		list   = ` must be a list of at most 50 names, of which each may end in "*", such as ["orders", "events.*"].`
		topics = `parameters.topics must be an object with at most 20 exchanges`
	)
	for parameters, want := range map[string]string{
		`{"mode":"ro"}`:             `parameters.mode must be "rw": RabbitMQ has no read-only access, because whoever may read a queue can also take its messages away and purge it. Limit`,
		`{"mode":null}`:             `parameters.mode must be "rw": `,
		`{"Mode":"rw"}`:             `parameters."Mode" is unknown: the parameters are ["configure" "mode" "read" "topics" "write"].`,
		`{"tags":"x"}`:              `parameters."tags" is unknown`,
		`{"configure":".*"}`:        "parameters.configure" + list,
		`{"write":null}`:            "parameters.write" + list,
		`{"read":[1]}`:              "parameters.read" + list,
		`{"read":["a*b"]}`:          "parameters.read" + list,
		`{"read":["**"]}`:           "parameters.read" + list,
		`{"read":[""]}`:             "parameters.read" + list,
		`{"read":["a\u0000"]}`:      "parameters.read" + list,
		`{"read":["a\n"]}`:          "parameters.read" + list,
		`{"read":["` + long + `"]}`: "parameters.read" + list,
		fmt.Sprintf(`{"read":["a"%s]}`, strings.Repeat(`,"a"`, 50)): "parameters.read" + list,
		`{"topics":[]}`:                     topics,
		`{"topics":null}`:                   topics,
		`{"topics":{"e":1}}`:                topics,
		`{"topics":{"":{}}}`:                `parameters.topics has "", which cannot be the name of an exchange.`,
		`{"topics":{"e":{"configure":[]}}}`: `parameters.topics.e has "configure", which is unknown: it can have write and read.`,
		`{"topics":{"e":{"write":"a"}}}`:    "parameters.topics.e.write" + list,
		`{"topics":{"e":{"read":null}}}`:    "parameters.topics.e.read" + list,
	} {
		var answer *openbroker.Error
		err := p.CheckBinding(t.Context(), durable.Binding{Parameters: openbroker.Parameters(parameters)})
		if !errors.Is(err, openbroker.ErrInvalidParameters) || !errors.As(err, &answer) || !strings.HasPrefix(answer.Description, want) {
			t.Errorf("%.60s: %.300v", parameters, err)
		}
	}
}

// Instances have no parameters.
func TestInstanceParameters(t *testing.T) {
	t.Parallel()
	err := new(rabbitmq.Provider).CheckInstance(t.Context(), durable.Instance{Parameters: openbroker.Parameters(`{"max_queues":1}`)}, nil)
	var answer *openbroker.Error
	if !errors.As(err, &answer) || answer.Description != `parameters."max_queues" is unknown: remove it, since this service has no parameters.` {
		t.Errorf("the error is %v", err)
	}
}

// Whatever the parameters are, the expressions match only whole names, and have no part
// that takes long to match.
func FuzzAccess(f *testing.F) {
	for _, seed := range []string{`{}`, `{"read":["a*"],"write":[]}`, `{"topics":{"e":{"read":["x"]}}}`, `{"configure":["(a+)+$"]}`, `{"mode":"ro"}`, `[]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := rabbitmq.Expressions(openbroker.Parameters(text))
		var answer *openbroker.Error
		if err != nil {
			if !errors.As(err, &answer) || len(answer.Description) > 1000 {
				t.Errorf("the error is %v", err)
			}
			return
		}
		for i, expression := range all {
			if i >= 3 && i%3 == 0 {
				continue // The name of an exchange.
			}
			compiled, err := regexp.Compile(expression)
			if err != nil {
				t.Fatalf("%q: %v", expression, err)
			}
			if expression != ".*" && compiled.MatchString("\n") {
				t.Errorf("%q matches a line break", expression)
			}
		}
	})
}
