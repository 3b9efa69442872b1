package conformance

// A subject is what a scenario runs on: a plan, and what is known of it.
type subject struct {
	service, plan map[string]any
}

func (s *subject) serviceID() string   { id, _ := s.service["id"].(string); return id }
func (s *subject) planID() string      { id, _ := s.plan["id"].(string); return id }
func (s *subject) otherPlanID() string { return "" }
func (s *subject) has(Feature) bool    { return false }

const maxBody = 4 << 20

func canonical(v any) string { return "" }
