package bench_test

import (
	"context"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/server"
)

// BenchmarkConnection compares the connections of package server, which inspect
// what they read and what net/http writes, with plain connections of net/http.
// Both have the same handler. ratio is CPU time.
func BenchmarkConnection(b *testing.B) {
	authenticator, err := auth.NewBasic(auth.Credential{Username: "user", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			catalog := benchCatalog(c.services)
			handler := openbroker.NewHandler(&nullBroker{catalog: catalog}, openbroker.WithAuthenticator(authenticator), openbroker.WithLogger(logLines()))
			s, err := server.NewForHandler(handler, server.Config{Address: "127.0.0.1:0", Logger: logLines()})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
			done := make(chan error, 1)
			go func() { done <- s.Serve(ctx) }()
			<-s.Ready()
			b.Cleanup(func() {
				cancel()
				s.Close()
				<-done
			})
			bare, ours := connect(b, s, &c), dial(b, s.Addr(), &c)
			var wire comparison
			for b.Loop() {
				wire.add(func() { bare.call(b) }, func() { ours.call(b) })
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(wire.ratio(), "ratio")
			b.ReportMetric(1.1, "ratio-target")
		})
	}
}
