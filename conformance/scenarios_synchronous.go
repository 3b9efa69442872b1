package conformance

// synchronousScenario sends requests without accepts_incomplete=true.
func synchronousScenario() Scenario {
	exists := anyCreated("provision without accepts_incomplete", "provision with accepts_incomplete=false", "provision after the refusal")
	bound := anyCreated("bind without accepts_incomplete", "bind after the refusal")
	return Scenario{
		Name: "synchronous", Title: "Create, update and delete an instance and a binding without accepts_incomplete=true.", PerPlan: true,
		Steps: []Step{
			deprovisionNothing(),
			{Name: "provision without accepts_incomplete", Request: to(Provision).synchronous()},
			{Name: "provision with accepts_incomplete=false", Request: to(Provision).ask("accepts_incomplete", "false")},
			{
				Name: "deprovision after the refused provision", Request: to(Deprovision),
				If: answered("provision with accepts_incomplete=false", 422),
			},
			{
				Name: "provision after the refusal", Request: to(Provision),
				If: answered("provision with accepts_incomplete=false", 422), Essential: []int{201, 202},
			},
			{Name: "provision finished", WaitFor: "provision after the refusal"},
			{
				Name: "update without accepts_incomplete", Needs: []Feature{ContextUpdates}, If: exists,
				Request: to(Update).synchronous().set("context.instance_name", "05bc4ec0-renamed"),
			},
			{
				Name: "update with accepts_incomplete=false", Needs: []Feature{ContextUpdates}, If: exists,
				Request: to(Update).ask("accepts_incomplete", "false").set("context.instance_name", "05bc4ec0-false"),
			},
			{
				Name: "update of the plan without accepts_incomplete", Needs: []Feature{PlanUpdateable}, If: exists,
				Request: to(Update).synchronous().set("plan_id", "{other plan}").
					set("parameters", "{update parameters of other plan}"),
			},
			{
				Name: "fetch after the refused update", Needs: []Feature{InstancesRetrievable},
				If: answered("update of the plan without accepts_incomplete", 422), Request: to(FetchInstance),
			},
			{Name: "bind without accepts_incomplete", Needs: []Feature{Bindable}, If: exists, Request: to(Bind).synchronous()},
			{
				Name: "bind with accepts_incomplete=false", Needs: []Feature{Bindable}, If: exists,
				Request: to(Bind).as("binding2").ask("accepts_incomplete", "false"),
			},
			{
				Name: "bind after the refusal", Request: to(Bind),
				If: answered("bind without accepts_incomplete", 422), Essential: []int{201, 202, 422},
			},
			{Name: "bind finished", WaitFor: "bind after the refusal"},
			{Name: "unbind without accepts_incomplete", Needs: []Feature{Bindable}, If: bound, Request: to(Unbind).synchronous()},
			{
				Name: "unbind with accepts_incomplete=false", If: answered("unbind without accepts_incomplete", 422),
				Request: to(Unbind).ask("accepts_incomplete", "false"),
			},
			{
				Name: "unbind after the refusal", If: answered("unbind without accepts_incomplete", 422),
				Request: to(Unbind),
			},
			{Name: "unbind finished", WaitFor: "unbind after the refusal"},
			{Name: "deprovision without accepts_incomplete", If: exists, Request: to(Deprovision).synchronous()},
			{
				Name: "deprovision with accepts_incomplete=false", If: answered("deprovision without accepts_incomplete", 422),
				Request: to(Deprovision).ask("accepts_incomplete", "false"),
			},
			{
				Name: "deprovision after the refusal", If: answered("deprovision without accepts_incomplete", 422),
				Request: to(Deprovision),
			},
		},
	}
}

// concurrentBindingsScenario sends two binds with different ids at the same
// time.
func concurrentBindingsScenario() Scenario {
	return Scenario{
		Name: "concurrent bindings", Title: "Send two binds with different ids at the same time.", PerPlan: true,
		Needs: []Feature{Bindable},
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "two concurrent binds", Request: to(Bind).as("of two"), Times: 2, SeparateBindings: true},
		},
	}
}

// concurrentScenario sends each request several times at the same time.
func concurrentScenario() Scenario {
	return Scenario{
		Name: "concurrent", Title: "Send each request of the life of an instance several times at the same time.", PerPlan: true,
		Steps: []Step{
			deprovisionNothing(),
			{Name: "concurrent provisions", Request: to(Provision), Times: 4},
			{Name: "provision finished", WaitFor: "concurrent provisions"},
			{Name: "provision again", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision again finished", WaitFor: "provision again"},
			{Name: "concurrent binds", Needs: []Feature{Bindable}, Request: to(Bind), Times: 3},
			{Name: "bind finished", WaitFor: "concurrent binds"},
			{
				Name: "concurrent unbinds", Needs: []Feature{Bindable}, If: answeredAny("concurrent binds", 200, 201, 202),
				Request: to(Unbind), Times: 3,
			},
			{Name: "unbind finished", WaitFor: "concurrent unbinds"},
			{Name: "concurrent deprovisions", Request: to(Deprovision), Times: 3},
			{Name: "deprovision finished", WaitFor: "concurrent deprovisions"},
			{Name: "deprovision again", Request: to(Deprovision)},
		},
	}
}
