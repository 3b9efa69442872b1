package conformance

import "slices"

// malformedScenario sends malformed provisions. Each has its own instance id,
// so that none depends on another.
func malformedScenario() Scenario {
	provision := to(Provision)
	scenario := Scenario{
		Name: "malformed", Title: "Send malformed provisions, each with its own instance id.",
		Steps: []Step{
			{Name: "broken JSON", Request: provision.raw(`{"service_id": "{service}", "plan_id": `)},
			{Name: "no body", Request: provision.raw("")},
			{Name: "an array", Request: provision.raw(`[{"service_id": "{service}", "plan_id": "{plan}"}]`)},
			{Name: "an array around the body", Request: provision.around("[", "]")},
			{Name: "data after the body", Request: provision.around("", " {}")},
			{Name: "a body of null", Request: provision.raw("null")},
			{Name: "no service_id", Request: provision.without("service_id")},
			{Name: "no plan_id", Request: provision.without("plan_id")},
			{Name: "an empty service_id", Request: provision.set("service_id", "")},
			{Name: "an empty plan_id", Request: provision.set("plan_id", "")},
			{Name: "service_id as a number", Request: provision.set("service_id", 17)},
			{Name: "plan_id as an object", Request: provision.set("plan_id", map[string]any{"id": "{plan}"})},
			{Name: "an unknown service", Request: provision.set("service_id", "{unknown}")},
			{Name: "an unknown plan", Request: provision.set("plan_id", "{unknown}")},
			{
				Name: "a plan of another service", Needs: []Feature{OtherService},
				Request: provision.set("plan_id", "{plan of another service}"),
			},
			{Name: "parameters as a string", Request: provision.set("parameters", "size=1")},
			{Name: "parameters as an array", Request: provision.set("parameters", []any{"size", 1})},
			{Name: "context as a string", Request: provision.set("context", "cloudfoundry")},
			{Name: "maintenance_info as a string", Request: provision.set("maintenance_info", "1.0.0")},
			{Name: "an empty organization_guid", Request: provision.set("organization_guid", "").without("context")},
			{Name: "no organization_guid", Request: provision.without("organization_guid", "space_guid", "context")},
			{Name: "no space_guid", Request: provision.without("space_guid", "context")},
			{Name: "another content type", Request: provision.head("Content-Type", "text/plain")},
		},
	}
	for i := range scenario.Steps {
		scenario.Steps[i].Request.Instance = "instance " + scenario.Steps[i].Name
	}
	scenario.Steps = append(scenario.Steps, deprovisionNothing())
	for _, step := range refusedProvisions() {
		scenario.Steps = append(scenario.Steps, Step{
			Name: "deprovision after " + step, If: refused(step), Request: to(Deprovision).on("instance " + step),
		})
	}
	for _, step := range []string{"no plan_id", "parameters as a string"} {
		scenario.Steps = append(scenario.Steps, Step{
			Name: "provision after " + step, If: answered(step, 400), Request: to(Provision).on("instance " + step),
		})
	}
	scenario.Steps = append(
		scenario.Steps,
		Step{
			Name: "no content type", Request: provision.on("instance without type").noHead("Content-Type"),
		},
		Step{
			Name:    "a content type with charset",
			Request: provision.on("instance with charset").head("Content-Type", "application/json; charset=utf-8"),
		},
	)
	return scenario
}

// refusedProvisions returns the steps after which the malformed scenario tests
// whether the broker created the instance anyway.
func refusedProvisions() []string {
	return []string{
		"no service_id", "no plan_id", "an unknown service", "an unknown plan", "parameters as a string",
		"context as a string", "data after the body", "maintenance_info as a string", "no organization_guid",
	}
}

// refusedScenario sends requests that the broker must refuse. Then it tests
// whether the instance and the binding still exist.
func refusedScenario() Scenario {
	bind := to(Bind)
	bindable := []Feature{Bindable}
	// Each bind has its own binding id, so that none depends on another.
	bindStep := func(name string, request Request) Step {
		return Step{Name: name, Needs: bindable, Request: request.as("binding " + name)}
	}
	after := func(step string) Step {
		return Step{
			Name: "unbind after " + step, Needs: bindable, If: refused(step), Request: to(Unbind).as("binding " + step),
		}
	}
	return Scenario{
		Name: "refused", Title: "Send malformed updates, binds, unbinds and deprovisions for an instance and a binding.",
		Steps: settled([]Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},

			{Name: "update with broken JSON", Request: to(Update).raw(`{"service_id": `)},
			{Name: "update with an array", Request: to(Update).raw(`[]`)},
			{Name: "update without service_id", Request: to(Update).without("service_id")},
			{Name: "update with service_id as a number", Request: to(Update).set("service_id", 17)},
			{Name: "update with parameters as a string", Request: to(Update).set("parameters", "size=1")},
			{
				Name: "fetch after refused updates", Needs: []Feature{InstancesRetrievable}, Request: to(FetchInstance),
				If: refusedAll("update with broken JSON", "update with an array", "update without service_id"),
			},
			{Name: "update of an unknown service", Request: to(Update).set("service_id", "{unknown}")},
			{Name: "update to an unknown plan", Request: to(Update).set("plan_id", "{unknown}")},
			{
				Name: "fetch after updates with unknown ids", Needs: []Feature{InstancesRetrievable}, Request: to(FetchInstance),
				If: both(refused("update of an unknown service"), refused("update to an unknown plan")),
			},
			{
				Name: "update to a plan of another service", Needs: []Feature{OtherService},
				Request: to(Update).set("plan_id", "{plan of another service}"),
			},

			bindStep("bind with broken JSON", bind.raw(`{"service_id": `)),
			bindStep("bind with an array", bind.raw(`[]`)),
			bindStep("bind without service_id", bind.without("service_id")),
			bindStep("bind without plan_id", bind.without("plan_id")),
			bindStep("bind with plan_id as a number", bind.set("plan_id", 17)),
			bindStep("bind of an unknown service", bind.set("service_id", "{unknown}")),
			bindStep("bind of an unknown plan", bind.set("plan_id", "{unknown}")),
			{
				Name: "bind of a plan of another service", Needs: []Feature{Bindable, OtherService},
				Request: bind.set("plan_id", "{plan of another service}").as("binding of another service"),
			},
			bindStep("bind with parameters as a string", bind.set("parameters", "size=1")),
			bindStep("bind with bind_resource as a string", bind.set("bind_resource", "app")),
			unbindNothing(),
			after("bind without service_id"), after("bind without plan_id"), after("bind of an unknown service"),
			after("bind of an unknown plan"), after("bind with parameters as a string"),
			{
				Name: "bind after the refusal", Needs: bindable, If: answered("bind with parameters as a string", 400),
				Request: to(Bind).as("binding bind with parameters as a string"),
			},

			{Name: "bind", Needs: bindable, Request: to(Bind)},
			{Name: "bind finished", WaitFor: "bind"},
			{
				Name: "unbind without service_id", If: answered("bind", 201, 202),
				Request: to(Unbind).noQuery("service_id"),
			},
			{
				Name: "unbind without plan_id", If: both(answered("bind", 201, 202), refusedAll("unbind without service_id")),
				Request: to(Unbind).noQuery("plan_id"),
			},
			{
				Name: "unbind after refused unbinds", Request: to(Unbind),
				If: both(answered("bind", 201, 202), refusedAll("unbind without service_id", "unbind without plan_id")),
			},
			{Name: "unbind finished", WaitFor: "unbind after refused unbinds"},

			{Name: "deprovision without service_id", Request: to(Deprovision).noQuery("service_id")},
			{
				Name: "deprovision without plan_id", If: refusedAll("deprovision without service_id"),
				Request: to(Deprovision).noQuery("plan_id"),
			},
			{
				Name: "deprovision after refused deprovisions", Request: to(Deprovision),
				If: refusedAll("deprovision without service_id", "deprovision without plan_id"),
			},
		}),
	}
}

// settled adds a waiting step after each mutating step that has none. If the
// broker accepts a malformed request, its operation then ends before the next
// step.
func settled(steps []Step) []Step {
	var all []Step
	for _, step := range steps {
		all = append(all, step)
		waited := slices.ContainsFunc(steps, func(s Step) bool { return s.WaitFor == step.Name })
		if step.WaitFor == "" && step.Request.Endpoint.mutates() && !waited {
			all = append(all, Step{Name: step.Name + " finished", WaitFor: step.Name})
		}
	}
	return all
}

// encodedScenario uses ids with characters that have a meaning in URLs. A
// broker may refuse them, which ends the scenario.
func encodedScenario() Scenario {
	provisioned, bound := answered("provision", 200, 201, 202), answered("bind", 200, 201, 202)
	of := func(endpoint Endpoint) Request { return to(endpoint).on("encoded").as("encoded binding") }
	return Scenario{
		Name: "encoded", Title: "Create, fetch and delete an instance and a binding whose ids have percent-encoded characters.",
		Steps: []Step{
			deprovisionNothing(),
			{Name: "provision", Request: of(Provision)},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "deprovision another", If: provisioned, Request: to(Deprovision).on("encoded too")},
			{Name: "deprovision with + for a space", If: provisioned, Request: to(Deprovision).on("encoded with plus")},
			{Name: "deprovision in upper case", If: provisioned, Request: to(Deprovision).on("encoded in capitals")},
			{
				Name: "fetch with every character encoded", Needs: []Feature{InstancesRetrievable}, If: provisioned,
				Request: of(FetchInstance).at("/v2/service_instances/{instance, all encoded}"),
			},
			{Name: "bind", Needs: []Feature{Bindable}, If: provisioned, Request: of(Bind)},
			{Name: "bind finished", WaitFor: "bind"},
			{Name: "unbind", If: bound, Request: of(Unbind)},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "deprovision", If: provisioned, Request: of(Deprovision)},
		},
	}
}

// extensionsScenario adds fields that the specification does not define.
func extensionsScenario() Scenario {
	const field = "x-conformance"
	value := map[string]any{"nested": []any{1, nil, "two"}}
	return Scenario{
		Name: "extensions", Title: "Create, update and delete an instance and a binding with unknown fields in every request.",
		Steps: []Step{
			{
				Name: "provision with unknown fields", Essential: []int{200, 201, 202},
				Request: to(Provision).set(field, value).set("context."+field, value).ask(field, "1"),
			},
			{Name: "provision finished", WaitFor: "provision with unknown fields"},
			{
				Name: "provision for an unknown platform",
				Request: to(Provision).on("instance2").without("context").
					set("context", map[string]any{"platform": "05bc4ec0", field: value}),
			},
			{
				Name: "update with unknown fields", Needs: []Feature{ContextUpdates},
				Request: to(Update).set(field, value).set("previous_values."+field, value).set("context.instance_name", "other"),
			},
			{Name: "update finished", WaitFor: "update with unknown fields"},
			{
				Name: "bind with unknown fields", Needs: []Feature{Bindable},
				Request: to(Bind).set(field, value).set("bind_resource."+field, value).ask(field, "1"),
			},
			{Name: "bind finished", WaitFor: "bind with unknown fields"},
			{
				Name: "unbind with an unknown query", If: answered("bind with unknown fields", 200, 201, 202),
				Request: to(Unbind).ask(field, "1"),
			},
			{Name: "unbind finished", WaitFor: "unbind with an unknown query"},
			{Name: "deprovision with an unknown query", Request: to(Deprovision).ask(field, "1")},
		},
	}
}
