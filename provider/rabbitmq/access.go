package rabbitmq

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/parameters"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

const (
	// maxPatterns bounds the names in one list.
	maxPatterns = 50
	// maxTopics bounds the exchanges with rules for routing keys.
	maxTopics = 20
	// maxPattern is the longest name in AMQP.
	maxPattern = 255
)

// access is what a binding may do.
type access struct {
	permission management.Permission
	topics     []management.TopicPermission
}

// noReadOnly is the answer to a wish for a mode that does not exist.
const noReadOnly = `parameters.mode must be "rw": RabbitMQ has no read-only access, because whoever may read a queue can also take its messages away and purge it. ` +
	`Limit the binding with parameters.configure, parameters.write and parameters.read instead.`

// accessOf returns what the parameters of a binding ask for; everything by default.
func accessOf(wished openbroker.Parameters) (access, error) {
	given, err := parameters.Fields(wished, "configure", "mode", "read", "topics", "write")
	if err != nil {
		return access{}, err
	}
	if raw, ok := given["mode"]; ok {
		var mode *string
		if json.Unmarshal(raw, &mode) != nil || mode == nil || *mode != parameters.ReadWrite {
			return access{}, openbroker.ErrInvalidParameters.WithDescription("%s", noReadOnly)
		}
	}
	var a access
	for name, into := range map[string]*string{"configure": &a.permission.Configure, "write": &a.permission.Write, "read": &a.permission.Read} {
		if *into, err = expression(given[name], "parameters."+name); err != nil {
			return access{}, err
		}
	}
	a.topics, err = topicsOf(given["topics"])
	return a, err
}

// topicsOf returns the rules for the routing keys of topic exchanges, sorted by exchange.
func topicsOf(raw json.RawMessage) ([]management.TopicPermission, error) {
	if raw == nil {
		return nil, nil
	}
	var exchanges map[string]map[string]json.RawMessage
	if json.Unmarshal(raw, &exchanges) != nil || exchanges == nil || len(exchanges) > maxTopics {
		return nil, openbroker.ErrInvalidParameters.WithDescription(
			`parameters.topics must be an object with at most %d exchanges, such as {"events": {"write": ["orders.*"], "read": []}}.`, maxTopics)
	}
	var topics []management.TopicPermission
	for _, exchange := range slices.Sorted(maps.Keys(exchanges)) {
		if !validName(exchange) {
			return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.topics has %.64q, which cannot be the name of an exchange.", exchange)
		}
		topic := management.TopicPermission{Exchange: exchange}
		for name := range exchanges[exchange] {
			if name != "write" && name != "read" {
				return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.topics.%.64s has %.64q, which is unknown: it can have write and read.", exchange, name)
			}
		}
		var err error
		at := "parameters.topics." + exchange
		if topic.Write, err = expression(exchanges[exchange]["write"], at+".write"); err != nil {
			return nil, err
		}
		if topic.Read, err = expression(exchanges[exchange]["read"], at+".read"); err != nil {
			return nil, err
		}
		topics = append(topics, topic)
	}
	return topics, nil
}

// expression returns the regular expression for a list of names, of which each may end
// in "*". Users do not write regular expressions themselves: the server would spend its
// time on some of them. Without a list it matches everything; for an empty one, nothing.
func expression(raw json.RawMessage, at string) (string, error) {
	if raw == nil {
		return ".*", nil
	}
	var names []string
	valid := json.Unmarshal(raw, &names) == nil && names != nil && len(names) <= maxPatterns
	for i, name := range names {
		stem, open := strings.CutSuffix(name, "*")
		valid = valid && (stem == "" && open || validName(stem)) && !strings.Contains(stem, "*")
		names[i] = regexp.QuoteMeta(stem)
		if open {
			names[i] += ".*"
		}
	}
	switch {
	case !valid:
		return "", openbroker.ErrInvalidParameters.WithDescription(
			`%.100s must be a list of at most %d names, of which each may end in "*", such as ["orders", "events.*"].`, at, maxPatterns)
	case len(names) == 0:
		return "^$", nil
	}
	return `\A(?:` + strings.Join(names, "|") + `)\z`, nil
}

// validName reports whether a name can be one of a queue, an exchange or a routing key.
func validName(name string) bool {
	return name != "" && len(name) <= maxPattern && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}
