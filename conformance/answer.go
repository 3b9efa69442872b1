package conformance

// A judgement is what an expectation sees.
type judgement struct{}
