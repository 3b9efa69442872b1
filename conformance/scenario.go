package conformance

// A Scenario is a sequence of requests that belong together, mostly the life of
// one instance. No other scenario uses its instances and bindings, and the run
// deletes them at its end.
type Scenario struct {
	// Name names the scenario, such as "instance".
	Name string `json:"name"`
	// Title says what happens in the scenario.
	Title string `json:"title"`
	// PerPlan runs the scenario on each plan under test. Otherwise it runs once.
	PerPlan bool `json:"per_plan,omitempty"`
	// Profile is the platform that the scenario imitates. Empty selects all runs.
	Profile Profile `json:"profile,omitempty"`
	// Needs are the features that the scenario requires.
	Needs []Feature `json:"needs,omitempty"`
	// Steps are run in this order.
	Steps []Step `json:"steps"`
}

// A Step sends one request, or waits for the operation of an earlier step.
type Step struct {
	// Name names the step within its scenario, such as "provision again".
	Name string `json:"name"`
	// Request is the request to send.
	Request Request `json:"request,omitzero"`
	// WaitFor is the name of an earlier step. If that step was answered with 202,
	// this one polls its operation until it ends, and sends no other request.
	WaitFor string `json:"wait_for,omitempty"`
	// Resend sends the request of the earlier step again before each poll.
	Resend bool `json:"resend,omitempty"`
	// If is the condition for sending the step.
	If Condition `json:"if,omitzero"`
	// Needs are the features that the step requires.
	Needs []Feature `json:"needs,omitempty"`
	// Essential are the statuses that the rest of the scenario depends on. Any
	// other status ends the scenario.
	Essential []int `json:"essential,omitempty"`
	// Times is how often the request is sent at the same time. 0 means once.
	Times int `json:"times,omitempty"`
	// SeparateBindings gives each of these requests its own binding.
	SeparateBindings bool `json:"separate_bindings,omitempty"`
}

// A Request is the template of a request. Without edits, it is a request that
// every broker must understand, with accepts_incomplete=true where the
// specification defines that parameter.
type Request struct {
	Endpoint Endpoint `json:"endpoint"`
	// Instance and Binding name the instance and binding within the scenario.
	// Empty means "instance" and "binding".
	Instance string `json:"instance,omitempty"`
	Binding  string `json:"binding,omitempty"`
	// OperationOf is the name of the step whose operation the request polls.
	OperationOf string `json:"operation_of,omitempty"`
	// Header, Query and Body are the differences from the template.
	Header []Edit `json:"header,omitempty"`
	Query  []Edit `json:"query,omitempty"`
	Body   []Edit `json:"body,omitempty"`
	// Raw is the literal body if HasRaw is set.
	Raw    string `json:"raw,omitempty"`
	HasRaw bool   `json:"has_raw,omitempty"`
	// Before and After are texts around the body.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Method and Path replace the method and path of the endpoint.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Undefined marks a request whose method and path the specification does not
	// define. The broker may then choose the form of the response.
	Undefined bool `json:"undefined,omitempty"`
	// Anonymous sends the request without credentials.
	Anonymous bool `json:"anonymous,omitempty"`
}

// An Edit sets or removes a header, a query parameter or a member of the body.
// A path such as "context.platform" names a member of an inner object. Values
// in braces, such as "{plan}", are replaced with values of the run.
type Edit struct {
	Name  string `json:"name"`
	Value any    `json:"value,omitempty"`
	Drop  bool   `json:"drop,omitempty"`
}
