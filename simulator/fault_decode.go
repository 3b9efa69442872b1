package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// fields has a decoder for each member of a fault. Its error says which values are
// valid. The map is read-only.
var fields = map[string]func(*Fault, json.RawMessage) error{
	"on":                func(f *Fault, v json.RawMessage) error { return read(&f.On, v, "the name of an operation") },
	"plan":              func(f *Fault, v json.RawMessage) error { return read(&f.Plan, v, "a string") },
	"instance_id":       func(f *Fault, v json.RawMessage) error { return read(&f.InstanceID, v, "a string") },
	"binding_id":        func(f *Fault, v json.RawMessage) error { return read(&f.BindingID, v, "a string") },
	"skip":              func(f *Fault, v json.RawMessage) error { return read(&f.Skip, v, "a number") },
	"times":             func(f *Fault, v json.RawMessage) error { return f.Times.UnmarshalJSON(v) },
	"status":            func(f *Fault, v json.RawMessage) error { return read(&f.Status, v, "a number from 200 to 599") },
	"error":             func(f *Fault, v json.RawMessage) error { return read(&f.Error, v, "a string") },
	"description":       func(f *Fault, v json.RawMessage) error { return read(&f.Description, v, "a string") },
	"retry_after":       func(f *Fault, v json.RawMessage) error { return readDuration(&f.RetryAfter, v) },
	"state":             func(f *Fault, v json.RawMessage) error { return read(&f.State, v, `"failed"`) },
	"instance_usable":   func(f *Fault, v json.RawMessage) error { return read(&f.InstanceUsable, v, "true or false") },
	"update_repeatable": func(f *Fault, v json.RawMessage) error { return read(&f.UpdateRepeatable, v, "true or false") },
	"panic":             func(f *Fault, v json.RawMessage) error { return read(&f.Panic, v, "true") },
	"drop":              func(f *Fault, v json.RawMessage) error { return read(&f.Drop, v, "true") },
	"after":             func(f *Fault, v json.RawMessage) error { return read(&f.After, v, "true or false") },
	"malformed":         func(f *Fault, v json.RawMessage) error { return readOrDefault(&f.Malformed, Truncated, v) },
	"slow":              func(f *Fault, v json.RawMessage) error { return readDuration(&f.Slow, v) },
	"part":              func(f *Fault, v json.RawMessage) error { return read(&f.Part, v, `"headers" or "body"`) },
	"wrong_state":       func(f *Fault, v json.RawMessage) error { return readOrDefault(&f.WrongState, "done", v) },
}

// controlFields are the members that only faults of the control endpoint may have.
var controlFields = []string{"plan", "instance_id", "binding_id", "skip"}

// decodeFault decodes a fault strictly. Its error begins with at, the path of the
// fault, and says which members or values are valid.
func decodeFault(data json.RawMessage, at string, p place) (*Fault, error) {
	members, err := object(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", at, err)
	}
	f := &Fault{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		set, known := fields[name]
		if !known || p != inControl && slices.Contains(controlFields, name) {
			return nil, fmt.Errorf("%s.%s is unknown: a fault may have %s", at, shorten(name), fieldNames(p))
		}
		if err := set(f, members[name]); err != nil {
			return nil, fmt.Errorf("%s.%s %w", at, name, err)
		}
	}
	if err := f.validate(p); err != nil {
		return nil, fmt.Errorf("%s%w", at, err)
	}
	return f, nil
}

// object returns the members of a JSON object.
func object(data json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' || json.Unmarshal(data, &members) != nil {
		return nil, errors.New("must be a JSON object")
	}
	return members, nil
}

func fieldNames(p place) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if p == inControl || !slices.Contains(controlFields, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func read[T any](into *T, value json.RawMessage, want string) error {
	if string(value) == "null" || json.Unmarshal(value, into) != nil {
		return fmt.Errorf("must be %s", want)
	}
	return nil
}

// readOrDefault decodes a string. true selects the default.
func readOrDefault[T ~string](into *T, fallback T, value json.RawMessage) error {
	if string(value) == "true" {
		*into = fallback
		return nil
	}
	if read(into, value, "") != nil || *into == "" {
		return errors.New("must be true or a string")
	}
	return nil
}

func readDuration(into *Duration, value json.RawMessage) error {
	text := ""
	if json.Unmarshal(value, &text) != nil || into.UnmarshalText([]byte(text)) != nil || *into < 0 {
		return fmt.Errorf("must be a duration such as %q", 3*time.Second)
	}
	return nil
}

// shorten limits the text of a request in a message.
func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}
