package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// A DecodeError is what is wrong with a message, and where.
type DecodeError struct {
	// Line and Column count from 1.
	Line, Column int
	Message      string
}

// Error returns the place and the message.
func (p DecodeError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// DecodeErrors are all that is wrong with a message.
type DecodeErrors []DecodeError

// maxShown bounds the problems in a text.
const maxShown = 5

// Error returns the first problems.
func (p DecodeErrors) Error() string {
	texts := make([]string, 0, maxShown+1)
	for i, problem := range p {
		if i == maxShown {
			texts = append(texts, fmt.Sprintf("and %d more", len(p)-maxShown))
			break
		}
		texts = append(texts, problem.Error())
	}
	return strings.Join(texts, "; ")
}

// A decoder decodes one message.
type decoder struct {
	data     []byte
	root     *tree.Node
	problems DecodeErrors
	// unknown has the names in the message itself that were reported.
	unknown map[string]bool
	// at is where reportHere reports.
	at tree.Place
}

// parse reads the syntax of a message, which must be an object.
func parse(data []byte, limit int, what string) (*decoder, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	begin := tree.Place{Line: 1, Column: 1}
	d := &decoder{data: data, unknown: map[string]bool{}}
	switch {
	case len(data) > limit:
		d.report(begin, "%s has more than %d bytes", what, limit)
		return nil, d.err()
	case len(bytes.TrimSpace(data)) == 0:
		d.report(begin, "%s is empty: it must be a JSON object, at least {}", what)
		return nil, d.err()
	}
	root, err := tree.ParseJSON("", data)
	if err != nil {
		var fault *tree.Error
		if errors.As(err, &fault) {
			begin = fault.Place
		}
		d.report(begin, "%s %s", what, err.Error())
		return nil, d.err()
	}
	if root.Kind != tree.Object {
		d.report(root.Place, "%s must be an object, not %s", what, root.Kind)
		return nil, d.err()
	}
	d.root = root
	return d, nil
}

func (d *decoder) report(at tree.Place, format string, args ...any) {
	d.problems = append(d.problems, DecodeError{at.Line, at.Column, fmt.Sprintf(format, args...)})
}

func (d *decoder) reportHere(format string, args ...any) { d.report(d.at, format, args...) }

func (d *decoder) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	return d.problems
}

// has reports whether the message has a member that is not null.
func (d *decoder) has(name string) bool {
	node := d.root.Member(name)
	return node != nil && node.Kind != tree.Null
}

// placeOf returns the place of a member of a member, or of the nearest one that exists.
func (d *decoder) placeOf(names ...string) tree.Place {
	node := d.root
	for _, name := range names {
		inner := node.Member(name)
		if inner == nil {
			break
		}
		node = inner
	}
	return node.Place
}

// into decodes the message into a struct that it was checked for.
func (d *decoder) into(v any) error {
	if err := d.err(); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(d.data))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
		d.report(d.root.Place, "it cannot be decoded: %T", err) // The text could have a value.
	}
	return d.err()
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// check reports where a value differs from the JSON form of a type.
func (d *decoder) check(node *tree.Node, t reflect.Type, path string) {
	if node.Kind == tree.Null {
		return // It counts as absent.
	}
	want := func(kind tree.Kind) bool {
		if node.Kind != kind {
			d.report(node.Place, "%s must be %s, not %s", path, kind, node.Kind)
		}
		return node.Kind == kind
	}
	switch {
	case t == typeOf[json.RawMessage]() || t.Kind() == reflect.Interface:
		d.free(node, path)
		return
	case t == typeOf[time.Time]():
		if _, err := time.Parse(time.RFC3339, node.Text); want(tree.String) && err != nil {
			d.report(node.Place, "%s must be a time of RFC 3339, such as 2030-01-02T15:04:05Z", path)
		}
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		d.check(node, t.Elem(), path)
	case reflect.Struct:
		if path == "" || want(tree.Object) {
			d.structure(node, t, path)
		}
	case reflect.Map:
		if want(tree.Object) {
			d.free(node, path)
		}
	case reflect.Slice:
		if want(tree.Array) {
			for i, element := range node.Elements {
				inner := path + "[" + strconv.Itoa(i) + "]"
				if element.Kind == tree.Null {
					d.report(element.Place, "%s must not be null", inner)
				}
				d.check(element, t.Elem(), inner)
			}
		}
	case reflect.String:
		want(tree.String)
	case reflect.Bool:
		want(tree.Bool)
	case reflect.Int:
		if _, err := strconv.ParseInt(node.Text, 10, 32); want(tree.Number) && err != nil {
			d.report(node.Place, "%s must be a whole number", path)
		}
	default:
		if _, err := strconv.ParseFloat(node.Text, 64); want(tree.Number) && err != nil {
			d.report(node.Place, "%s must be a smaller number", path)
		}
	}
}

// structure checks the members of an object against the fields of a struct.
func (d *decoder) structure(node *tree.Node, t reflect.Type, path string) {
	d.repeated(node, path)
	fields := map[string]reflect.Type{}
	names := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[name] = t.Field(i).Type
		names = append(names, name)
	}
	for i := range node.Members {
		member := &node.Members[i]
		field, known := fields[member.Name]
		inner := join(path, member.Name)
		if known {
			d.check(member.Value, field, inner)
			continue
		}
		if path == "" {
			d.unknown[member.Name] = true
		}
		hint := ""
		if near := spelling.Nearest(member.Name, names); near != "" {
			hint = fmt.Sprintf(": did you mean %q?", near)
		}
		d.report(member.Place, "%.80q is unknown%s", inner, hint)
	}
}

// free checks a value of any form: only repeated names are wrong.
func (d *decoder) free(node *tree.Node, path string) {
	d.repeated(node, path)
	for i := range node.Members {
		d.free(node.Members[i].Value, path)
	}
	for _, element := range node.Elements {
		d.free(element, path)
	}
}

// repeated reports names that an object has twice. It does not show names of free values.
func (d *decoder) repeated(node *tree.Node, path string) {
	for i, first := range node.Repeated() {
		where := ""
		if path != "" {
			where = " in " + path
		}
		d.report(node.Members[i].Place, "a name%s is repeated: it is on line %d, column %d, too", where, first.Line, first.Column)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
