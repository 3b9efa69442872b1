package server

import (
	"context"
	"maps"
)

// Readiness runs [Config.ReadinessChecks], as a probe of /readyz does, and returns their
// results by name: "ok", "failed" or "timed out".
func (s *Server) Readiness(ctx context.Context) map[string]string {
	results, _ := s.checks.run(ctx)
	return maps.Clone(results)
}
