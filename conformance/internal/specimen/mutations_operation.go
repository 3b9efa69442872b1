package specimen

func operationClauses() []clause {
	return []clause{
		{"Polling Last Operation for Service Instances", "200 while an update is in progress", "last-operation-of-update-after-202", []fault{
			{"poll.update-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Instances", "while a plan changes, plan_id is that of the plan before", "last-operation-of-plan-update-after-202", []fault{
			{"poll-instance.wants-new-plan", "400"},
		}},
		{"Polling Last Operation for Service Instances", "200 while a deprovision is in progress", "last-operation-of-deprovision-after-202", []fault{
			{"poll.deprovision-404-in-progress", "404"},
		}},
		{"Provisioning", "an instance whose provision was accepted is created", "last-operation-provision-succeeds", []fault{
			{"provision.fails", "the operation fails"},
		}},
		{"Deprovisioning", "an instance whose deprovision was accepted is deleted", "last-operation-deprovision-succeeds", []fault{
			{"deprovision.fails", "the operation fails"},
		}},
		{"Binding", "a binding that was accepted is created", "last-binding-operation-bind-succeeds", []fault{
			{"bind.fails", "the operation fails"},
		}},
		{"Unbinding", "a binding whose unbind was accepted is deleted", "last-binding-operation-unbind-succeeds", []fault{
			{"unbind.fails", "the operation fails"},
		}},
		{"Polling Last Operation for Service Instances", "the end of a provision is not forgotten at once", "last-operation-remembered", []fault{
			{"poll.forgets-provision", "404"},
		}},
		{"Polling Last Operation for Service Instances", "the end of a deprovision is not forgotten at once", "last-operation-remembered-after-deprovision", []fault{
			{"poll.forgets-deprovision", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "200 while a bind is in progress", "last-binding-operation-after-202", []fault{
			{"poll.bind-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "200 while an unbind is in progress", "last-binding-operation-of-unbind-after-202", []fault{
			{"poll.unbind-404-in-progress", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "the end of a bind is not forgotten at once", "last-binding-operation-remembered", []fault{
			{"poll.forgets-bind", "404"},
		}},
		{"Polling Last Operation for Service Bindings", "the end of an unbind is not forgotten at once", "last-binding-operation-remembered-after-unbind", []fault{
			{"poll.forgets-unbind", "404"},
		}},
	}
}
