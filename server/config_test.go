package server_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

func TestConfigInvalid(t *testing.T) {
	t.Parallel()
	run := func(context.Context) error { return nil }
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for name, c := range map[string]struct {
		config server.Config
		want   []string
	}{
		"no port":         {server.Config{Address: "8080"}, []string{`Config.Address "8080" is not host:port`, ":8080"}},
		"named port":      {server.Config{Address: ":http"}, []string{"no valid port"}},
		"port too large":  {server.Config{Address: ":65536"}, []string{"no valid port"}},
		"negative port":   {server.Config{Address: ":-1"}, []string{"no valid port"}},
		"relative prefix": {server.Config{Prefix: "osb"}, []string{`Config.Prefix "osb" is not a path`}},
		"slash at end":    {server.Config{Prefix: "/osb/"}, []string{"without a slash at the end"}},
		"root prefix":     {server.Config{Prefix: "/"}, []string{"is not a path"}},
		"escaped prefix":  {server.Config{Prefix: "/a%2Fb"}, []string{"is not a path"}},
		"health prefix":   {server.Config{Prefix: "/healthz"}, []string{"health probe"}},
		"nil handler":     {server.Config{Handlers: map[string]http.Handler{"/callbacks/a": nil}}, []string{`Config.Handlers["/callbacks/a"] is nil`}},
		"handler paths": {
			server.Config{Handlers: map[string]http.Handler{
				"callbacks": http.NotFoundHandler(), "/callbacks/": http.NotFoundHandler(), "/": http.NotFoundHandler(), "/readyz": http.NotFoundHandler(), "/a/v2/catalog": http.NotFoundHandler(),
			}},
			[]string{`["callbacks"] is not a path`, `["/callbacks/"] is not a path`, `["/"] is not a path`, `["/readyz"] is a path of the broker`, `["/a/v2/catalog"] is a path of the broker`},
		},
		"header timeout":  {server.Config{ReadHeaderTimeout: -1}, []string{"Config.ReadHeaderTimeout is -1ns"}},
		"read timeout":    {server.Config{ReadTimeout: -1}, []string{"Config.ReadTimeout is"}},
		"write timeout":   {server.Config{WriteTimeout: 59 * time.Second}, []string{"Config.WriteTimeout is 59s", "1m0s"}},
		"idle timeout":    {server.Config{IdleTimeout: -1}, []string{"Config.IdleTimeout is"}},
		"drain delay":     {server.Config{DrainDelay: -1}, []string{"Config.DrainDelay is"}},
		"grace":           {server.Config{ShutdownGrace: -1}, []string{"Config.ShutdownGrace is"}},
		"hook timeout":    {server.Config{ShutdownHookTimeout: -1}, []string{"Config.ShutdownHookTimeout is"}},
		"check timeout":   {server.Config{ReadinessTimeout: -1}, []string{"Config.ReadinessTimeout is"}},
		"header bytes":    {server.Config{MaxHeaderBytes: 100}, []string{"Config.MaxHeaderBytes is 100", "4096"}},
		"nil option":      {server.Config{Options: []openbroker.Option{nil}}, []string{"Config.Options[0] is nil"}},
		"empty hook":      {server.Config{OnShutdown: []server.ShutdownHook{{}}}, []string{"Config.OnShutdown[0].Name is empty", "Config.OnShutdown[0].Run is nil"}},
		"empty check":     {server.Config{ReadinessChecks: []server.ReadinessCheck{{}}}, []string{"Config.ReadinessChecks[0].Name is empty", "Config.ReadinessChecks[0].Run is nil"}},
		"check twice":     {server.Config{ReadinessChecks: []server.ReadinessCheck{{Name: "a", Run: run}, {Name: "a", Run: run}}}, []string{`Config.ReadinessChecks[1].Name "a" is already used`}},
		"empty TLS":       {server.Config{TLS: &server.TLS{}}, []string{"Config.TLS.CertFile is empty", "Config.TLS.KeyFile is empty"}},
		"optional no CA":  {server.Config{TLS: &server.TLS{CertFile: "a", KeyFile: "b", ClientCertOptional: true}}, []string{"without Config.TLS.ClientCAFile"}},
		"reload interval": {server.Config{TLS: &server.TLS{CertFile: "a", KeyFile: "b", ReloadInterval: -1}}, []string{"Config.TLS.ReloadInterval is"}},
		"missing file":    {server.Config{TLS: &server.TLS{CertFile: missing, KeyFile: missing}}, []string{"Config.TLS.CertFile cannot be read", missing}},
		"all problems":    {server.Config{Address: "x", Prefix: "y", ReadTimeout: -1}, []string{"Address", "Prefix", "ReadTimeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := server.New(newBroker("one"), c.config)
			if err == nil || s != nil {
				t.Fatalf("New returned %v, %v", s, err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not contain %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestConfigValid(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]server.Config{
		"zero":       {},
		"interfaces": {Address: ":8080"},
		"IPv6":       {Address: "[::1]:0"},
		"deep":       {Prefix: "/a/b.c/d-e"},
	} {
		config.Logger = newRecorder().logger()
		if _, err := server.New(newBroker("one"), config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewWithoutBroker(t *testing.T) {
	t.Parallel()
	if _, err := server.New(nil, server.Config{}); err == nil {
		t.Error("New accepts a nil broker")
	}
	if _, err := server.NewForHandler(nil, server.Config{}); err == nil {
		t.Error("NewForHandler accepts a nil handler")
	}
	for _, config := range []server.Config{
		{Options: []openbroker.Option{openbroker.WithPlatformPrefix()}},
		{Authenticator: password{}},
		{SkipParameterValidation: true},
	} {
		if _, err := server.NewForHandler(http.NotFoundHandler(), config); err == nil || !strings.Contains(err.Error(), "openbroker.NewHandler") {
			t.Errorf("NewForHandler accepts options without effect: %v", err)
		}
	}
	if err := server.Serve(t.Context(), newBroker("one"), server.Config{Address: "x"}); err == nil {
		t.Error("Serve accepts an invalid configuration")
	}
}
