package conformance

// bindingScenario returns the life of a binding and its successor.
func bindingScenario() Scenario {
	fetch := []Feature{BindingsRetrievable}
	rotate := []Feature{Rotatable}
	accepted := answered("bind", 202)
	return Scenario{
		Name: "binding", Title: "Bind, fetch, rotate and unbind bindings of an instance.", PerPlan: true,
		Needs: []Feature{Bindable},
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},

			{
				Name: "bind with invalid parameters", Needs: []Feature{InvalidBindParameters},
				Request: to(Bind).as("binding4").set("parameters", "{invalid bind parameters}"),
			},
			{Name: "bind", Request: to(Bind), Essential: []int{201, 202}},
			{Name: "fetch binding while creating", Needs: fetch, If: accepted, Request: to(FetchBinding)},
			{Name: "bind again while creating", If: accepted, Request: to(Bind)},
			{
				Name: "bind other parameters while creating", Needs: []Feature{DistinctBindParameters}, If: accepted,
				Request: to(Bind).set("parameters", "{other bind parameters}"),
			},
			{Name: "poll while binding", If: accepted, Request: poll(LastBindingOperation, "bind")},
			{
				Name: "poll without hints", If: accepted,
				Request: poll(LastBindingOperation, "bind").noQuery("service_id", "plan_id"),
			},
			{Name: "bind finished", WaitFor: "bind"},
			{Name: "fetch binding", Needs: fetch, Request: to(FetchBinding)},
			{Name: "poll after binding", If: accepted, Request: poll(LastBindingOperation, "bind")},
			{Name: "bind again", Request: to(Bind)},
			{
				Name: "bind other parameters", Needs: []Feature{DistinctBindParameters},
				Request: to(Bind).set("parameters", "{other bind parameters}"),
			},
			{
				Name: "fetch binding without query", Needs: fetch,
				Request: to(FetchBinding).noQuery("service_id", "plan_id"),
			},

			{
				Name:    "bind for another application",
				Request: to(Bind).set("bind_resource.app_guid", "{unknown}"),
			},
			{Name: "fetch binding again", Needs: fetch, Request: to(FetchBinding)},
			{Name: "fetch binding of another instance", Needs: fetch, Request: to(FetchBinding).on("instance2")},

			{Name: "bind another", Request: to(Bind).as("binding6").set("bind_resource.app_guid", "{unknown}")},
			{Name: "bind another finished", WaitFor: "bind another"},
			{
				Name: "fetch another binding", Needs: fetch, If: answered("bind another", 201, 202),
				Request: to(FetchBinding).as("binding6"),
			},
			{Name: "unbind another", If: answered("bind another", 201, 202), Request: to(Unbind).as("binding6")},
			{Name: "unbind another finished", WaitFor: "unbind another"},

			{Name: "bind without an application", Request: to(Bind).as("binding2").without("bind_resource")},
			{Name: "bind without an application finished", WaitFor: "bind without an application"},
			{
				Name: "unbind without an application", If: answered("bind without an application", 200, 201, 202),
				Request: to(Unbind).as("binding2"),
			},
			{Name: "unbind without an application finished", WaitFor: "unbind without an application"},

			{
				Name: "rotate an unknown binding", Needs: rotate,
				Request: rotation("binding5", "{unknown}"),
			},
			{Name: "provision another", Needs: rotate, Request: to(Provision).on("instance3")},
			{Name: "provision another finished", WaitFor: "provision another"},
			{
				Name: "fetch binding of a third instance", Needs: fetch, If: answered("provision another", 200, 201, 202),
				Request: to(FetchBinding).on("instance3"),
			},
			{
				Name: "rotate a binding of another instance", If: answered("provision another", 200, 201, 202),
				Request: rotation("binding7", "{binding}").on("instance3"),
			},
			{
				Name: "rotate with service and plan", Needs: rotate,
				Request: to(Bind).as("binding8").set("predecessor_binding_id", "{binding}"),
			},
			{Name: "rotate with service and plan finished", WaitFor: "rotate with service and plan"},
			{Name: "rotate", Needs: rotate, Request: rotation("binding3", "{binding}")},
			{Name: "rotate finished", WaitFor: "rotate"},
			{
				Name: "fetch the successor", Needs: []Feature{Rotatable, BindingsRetrievable},
				If: answered("rotate", 201, 202), Request: to(FetchBinding).as("binding3"),
			},
			{
				Name: "fetch the predecessor", Needs: []Feature{Rotatable, BindingsRetrievable},
				If: answered("rotate", 201, 202), Request: to(FetchBinding),
			},
			{
				Name: "rotate again", If: answered("rotate", 201, 202),
				Request: rotation("binding3", "{binding}"),
			},

			{Name: "unbind", Request: to(Unbind), Essential: []int{200, 202}},
			{Name: "unbind again while deleting", If: answered("unbind", 202), Request: to(Unbind)},
			{Name: "poll while unbinding", If: answered("unbind", 202), Request: poll(LastBindingOperation, "unbind")},
			{Name: "unbind finished", WaitFor: "unbind"},
			{Name: "poll after unbinding", If: answered("unbind", 202), Request: poll(LastBindingOperation, "unbind")},
			{Name: "unbind again", Request: to(Unbind)},
			{Name: "fetch binding after unbinding", Needs: fetch, Request: to(FetchBinding)},
			{
				Name: "fetch the successor after unbinding", Needs: []Feature{Rotatable, BindingsRetrievable},
				If: answered("rotate", 201, 202), Request: to(FetchBinding).as("binding3"),
			},
			{
				Name: "unbind the successor", If: answered("rotate", 201, 202),
				Request: to(Unbind).as("binding3"),
			},
			{Name: "unbind of the successor finished", WaitFor: "unbind the successor"},
			{Name: "deprovision", Request: to(Deprovision)},
		},
	}
}

// rotation returns the request for a successor. By the specification, its body has
// only the predecessor.
func rotation(binding, predecessor string) Request {
	return to(Bind).as(binding).set("predecessor_binding_id", predecessor).
		without("service_id", "plan_id", "context", "bind_resource", "parameters")
}

// cancelBindingScenario unbinds a binding during its bind.
func cancelBindingScenario() Scenario {
	return Scenario{
		Name: "cancel binding", Title: "Unbind a binding during its bind.", PerPlan: true,
		Needs: []Feature{Bindable},
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},
			unbindNothing(),
			{Name: "bind", Request: to(Bind), Essential: []int{200, 201, 202}},
			{Name: "poll while binding", If: answered("bind", 202), Request: poll(LastBindingOperation, "bind")},
			{Name: "unbind while binding", If: inProgress("poll while binding"), Request: to(Unbind)},
			{
				Name: "poll the deletion", If: answered("unbind while binding", 202),
				Request: poll(LastBindingOperation, "unbind while binding"),
			},
			{Name: "unbind finished", WaitFor: "unbind while binding"},
			{
				Name: "poll the creation after the deletion", If: answered("unbind while binding", 200, 202),
				Request: poll(LastBindingOperation, "bind"),
			},
			{
				Name: "fetch after the deletion", Needs: []Feature{BindingsRetrievable},
				If: answered("unbind while binding", 200, 202), Request: to(FetchBinding),
			},
			{Name: "unbind again", If: answered("unbind while binding", 200, 202), Request: to(Unbind)},
		},
	}
}
