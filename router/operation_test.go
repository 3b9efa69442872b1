package router_test

import (
	"strings"
	"testing"

	"github.com/openbroker/openbroker/router"
)

func TestOperationForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ service, operation, want string }{
		{"b2f1-4c", "task_1.2", "~b2f1-4c~task_1.2"},
		{"s", "", "~s~"},
		{"s", "a b", "~s~~YSBi"},
		{"my service", "x", "~~bXkgc2VydmljZQ~x"},
	} {
		if got := router.EncodeOperation(test.service, test.operation); got != test.want {
			t.Errorf("%q, %q became %q, want %q", test.service, test.operation, got, test.want)
		}
	}
	for _, foreign := range []string{"", "x", "s operation", "~", "~s", "~s~a b", "~s~~", "~s~~YWI", "~s~~YSBj=", "~s~~YSB", "~s~~YSB\nj", "~s~a~b", " ~s~", "~~~x", "~~"} {
		if service, operation, ok := router.DecodeOperation(foreign); ok {
			t.Errorf("%q was read as %q, %q", foreign, service, operation)
		}
	}
}

func FuzzDecodeOperation(f *testing.F) {
	f.Add("~s~o")
	f.Add("~~bXkgc2VydmljZQ~~YSBi")
	f.Add("s o")
	f.Add("~s~~YSBi~")
	f.Fuzz(func(t *testing.T, text string) {
		// Every text survives encoding as an operation and as a service id.
		encoded := router.EncodeOperation("s"+text, text)
		if strings.Trim(encoded, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") != "" {
			t.Errorf("%q is not URL-safe", encoded)
		}
		if service, operation, ok := router.DecodeOperation(encoded); !ok || service != "s"+text || operation != text {
			t.Errorf("%q became %q, %q, %v", text, service, operation, ok)
		}
		// Each operation has a single encoded form, so no other text is mistaken for it.
		if service, operation, ok := router.DecodeOperation(text); ok && router.EncodeOperation(service, operation) != text {
			t.Errorf("%q was read as %q, %q", text, service, operation)
		}
	})
}
