package jsonpointer_test

import (
	"testing"

	"github.com/openbroker/openbroker/internal/jsonpointer"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{
		"": "", "size": "size", "a/b": "a~1b", "m~n": "m~0n", "~1": "~01", "/~": "~1~0", "~~//": "~0~0~1~1",
	} {
		if got := jsonpointer.Escape(name); got != token {
			t.Errorf("%q is escaped as %q", name, got)
		}
		if got := jsonpointer.Unescape(token); got != name {
			t.Errorf("%q means %q", token, got)
		}
	}
}
