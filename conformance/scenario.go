package conformance

// A Scenario is a sequence of requests that belong together: mostly the life of
// one instance. Its instances and bindings are its own; they are deleted when
// it ends.
type Scenario struct {
	// Name names the scenario: "instance".
	Name string `json:"name"`
	// Title says what happens in it.
	Title string `json:"title"`
	// PerPlan says that it runs on each plan under test. Otherwise it runs once.
	PerPlan bool `json:"per_plan,omitempty"`
	// Profile is the platform whose behaviour it shows; empty for all runs.
	Profile Profile `json:"profile,omitempty"`
	// Needs are the features without which it does not run.
	Needs []Feature `json:"needs,omitempty"`
	// Steps are sent in this order.
	Steps []Step `json:"steps"`
}

// A Step sends one request, or waits for the operation of an earlier step.
type Step struct {
	// Name names the step within its scenario: "provision again".
	Name string `json:"name"`
	// Request is what is sent.
	Request Request `json:"request,omitzero"`
	// WaitFor is the name of an earlier step: if it was answered with 202, its
	// operation is polled until it ends. Such a step sends no other request.
	WaitFor string `json:"wait_for,omitempty"`
	// Resend says that the request of the earlier step is sent again before each
	// poll.
	Resend bool `json:"resend,omitempty"`
	// If is the condition under which the step is sent.
	If Condition `json:"if,omitzero"`
	// Needs are the features without which the step is not sent.
	Needs []Feature `json:"needs,omitempty"`
	// Essential are the statuses without which the rest of the scenario makes
	// no sense.
	Essential []int `json:"essential,omitempty"`
	// Times is how often the request is sent at the same moment; 0 is once.
	Times int `json:"times,omitempty"`
	// SeparateBindings says that each of these is for a binding of its own.
	SeparateBindings bool `json:"separate_bindings,omitempty"`
}

// A Request is the template of a request. Without edits it is one that every
// broker must understand, with accepts_incomplete=true where there is such a
// parameter.
type Request struct {
	Endpoint Endpoint `json:"endpoint"`
	// Instance and Binding are the names of the ids in the scenario, so that it
	// can have several; empty for "instance" and "binding".
	Instance string `json:"instance,omitempty"`
	Binding  string `json:"binding,omitempty"`
	// OperationOf is the name of the step whose operation is polled.
	OperationOf string `json:"operation_of,omitempty"`
	// Header, Query and Body are what differs from the template.
	Header []Edit `json:"header,omitempty"`
	Query  []Edit `json:"query,omitempty"`
	Body   []Edit `json:"body,omitempty"`
	// Raw is the body, literally, if HasRaw is set.
	Raw    string `json:"raw,omitempty"`
	HasRaw bool   `json:"has_raw,omitempty"`
	// Before and After are put around the body.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Method and Path replace those of the endpoint.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Undefined says that the specification has no request of this method and
	// path: the form of the answer is the broker's affair.
	Undefined bool `json:"undefined,omitempty"`
	// Anonymous requests carry no credentials.
	Anonymous bool `json:"anonymous,omitempty"`
}

// An Edit sets a header, a query parameter or a member of the body, or drops
// it. Members of inner objects are named with dots: "context.platform". Values
// in braces, such as "{plan}", stand for what the run knows of them.
type Edit struct {
	Name  string `json:"name"`
	Value any    `json:"value,omitempty"`
	Drop  bool   `json:"drop,omitempty"`
}
