package conformance

import "encoding/json"

// instanceScenario returns the life of an instance.
func instanceScenario() Scenario {
	fetch := []Feature{InstancesRetrievable}
	accepted := answered("provision", 202)
	return Scenario{
		Name: "instance", Title: "Provision, fetch, update and deprovision an instance.", PerPlan: true,
		Steps: []Step{
			{
				Name: "provision with another maintenance version", Needs: []Feature{MaintenanceInfo},
				Request: to(Provision).on("instance2").set("maintenance_info.version", "{other version}"),
			},
			{
				Name: "provision with invalid parameters", Needs: []Feature{InvalidCreateParameters},
				Request: to(Provision).on("instance3").set("parameters", "{invalid parameters}"),
			},
			{
				Name: "provision with a described maintenance version", Needs: []Feature{MaintenanceInfo},
				Request: to(Provision).on("instance4").set("maintenance_info", "{maintenance_info}").
					set("maintenance_info.description", "05bc4ec0").set("maintenance_info.x-conformance", map[string]any{"a": 1}),
			},

			{Name: "provision", Request: to(Provision).set("maintenance_info", "{maintenance_info}"), Essential: []int{201, 202}},
			{Name: "fetch while creating", Needs: fetch, If: accepted, Request: to(FetchInstance)},
			{
				Name: "provision again while creating", If: accepted,
				Request: to(Provision).set("maintenance_info", "{maintenance_info}"),
			},
			{
				Name: "provision another plan while creating", Needs: []Feature{OtherPlan}, If: accepted,
				Request: to(Provision).set("plan_id", "{other plan}").set("parameters", "{parameters of other plan}"),
			},
			{
				Name: "provision other parameters while creating", Needs: []Feature{DistinctCreateParameters}, If: accepted,
				Request: to(Provision).set("parameters", "{other parameters}").set("maintenance_info", "{maintenance_info}"),
			},
			{
				Name: "bind while creating", Needs: []Feature{Bindable}, If: accepted,
				Request: to(Bind).as("early binding"),
			},
			{Name: "poll while creating", If: accepted, Request: poll(LastOperation, "provision")},
			{
				Name: "poll without hints", If: accepted,
				Request: poll(LastOperation, "provision").noQuery("service_id", "plan_id"),
			},
			{
				Name: "poll with an unknown query", If: accepted,
				Request: poll(LastOperation, "provision").ask("x-conformance", "1"),
			},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "bind while creating finished", WaitFor: "bind while creating"},
			{
				Name: "unbind the early binding", If: answered("bind while creating", 200, 201, 202),
				Request: to(Unbind).as("early binding"),
			},
			{Name: "unbind the early binding finished", WaitFor: "unbind the early binding"},
			{Name: "poll after creating", If: accepted, Request: poll(LastOperation, "provision")},

			{Name: "provision again", Request: to(Provision).set("maintenance_info", "{maintenance_info}")},
			{Name: "fetch", Needs: fetch, Request: to(FetchInstance)},
			{Name: "provision another instance", Request: to(Provision).on("instance5")},
			{
				Name: "provision after the refusal", Needs: []Feature{InvalidCreateParameters}, If: answered("provision with invalid parameters", 400),
				Request: to(Provision).on("instance3"),
			},
			{
				Name: "provision another plan", Needs: []Feature{OtherPlan},
				Request: to(Provision).set("plan_id", "{other plan}").set("parameters", "{parameters of other plan}"),
			},
			{
				Name: "provision other parameters", Needs: []Feature{DistinctCreateParameters},
				Request: to(Provision).set("parameters", "{other parameters}"),
			},
			{
				Name:    "provision in another space",
				Request: to(Provision).set("space_guid", "{unknown}").set("context.space_guid", "{unknown}"),
			},
			{Name: "provision again after conflicts", Request: to(Provision).set("maintenance_info", "{maintenance_info}")},
			{Name: "fetch after conflicts", Needs: fetch, Request: to(FetchInstance)},
			{Name: "bind of a plan that is not bindable", Needs: []Feature{NotBindable}, Request: to(Bind)},
			{
				Name: "unbind from a plan that is not bindable", If: answered("bind of a plan that is not bindable", 200, 201, 202),
				Request: to(Unbind),
			},
			{Name: "fetch without query", Needs: fetch, Request: to(FetchInstance).noQuery("service_id", "plan_id")},

			{
				Name: "update of the context", Needs: []Feature{ContextUpdates},
				Request: to(Update).set("context.instance_name", "05bc4ec0-renamed"),
			},
			{Name: "update of the context finished", WaitFor: "update of the context"},
			{
				Name: "fetch after the update of the context", Needs: []Feature{ContextUpdates, InstancesRetrievable},
				Request: to(FetchInstance),
			},
			{
				Name: "update without previous values", Needs: []Feature{ContextUpdates},
				Request: to(Update).set("context.instance_name", "05bc4ec0-again").without("previous_values"),
			},
			{Name: "update without previous values finished", WaitFor: "update without previous values"},
			{
				Name: "update with invalid parameters", Needs: []Feature{InvalidUpdateParameters},
				Request: to(Update).set("parameters", "{invalid update parameters}"),
			},
			{Name: "update with invalid parameters finished", WaitFor: "update with invalid parameters"},
			{
				Name: "update with another maintenance version", Needs: []Feature{MaintenanceInfo},
				Request: to(Update).set("maintenance_info.version", "{other version}"),
			},
			{Name: "update with another version finished", WaitFor: "update with another maintenance version"},
			{
				Name: "update with the maintenance version of the catalog", Needs: []Feature{MaintenanceInfo},
				Request: to(Update).set("maintenance_info", "{maintenance_info}"),
			},
			{Name: "maintenance finished", WaitFor: "update with the maintenance version of the catalog"},
			{
				Name:    "update of the parameters",
				Request: to(Update).set("parameters", "{update parameters}"),
			},
			{
				Name: "fetch while updating parameters", Needs: fetch, If: answered("update of the parameters", 202),
				Request: to(FetchInstance),
			},
			{
				Name: "update of the parameters again", If: answered("update of the parameters", 202),
				Request: to(Update).set("parameters", "{update parameters}"),
			},
			{
				Name: "poll while updating parameters", If: answered("update of the parameters", 202),
				Request: poll(LastOperation, "update of the parameters"),
			},
			{Name: "update of the parameters finished", WaitFor: "update of the parameters"},
			{
				Name: "fetch after the update of the parameters", Needs: fetch, If: answered("update of the parameters", 200, 202),
				Request: to(FetchInstance),
			},
			{
				Name: "update of a plan that is not updateable", Needs: []Feature{NotPlanUpdateable},
				Request: to(Update).set("plan_id", "{other plan}"),
			},
			{Name: "update of a plan that is not updateable finished", WaitFor: "update of a plan that is not updateable"},
			{
				Name: "fetch after the refused plan update", Needs: []Feature{NotPlanUpdateable, InstancesRetrievable},
				If: refusedAll("update of a plan that is not updateable"), Request: to(FetchInstance),
			},
			{
				Name: "update of the plan", Needs: []Feature{PlanUpdateable},
				Request: to(Update).set("plan_id", "{other plan}").set("parameters", "{update parameters of other plan}"),
			},
			{
				Name: "fetch while updating the plan", Needs: fetch, If: answered("update of the plan", 202),
				Request: to(FetchInstance),
			},
			{
				Name: "update of the plan again", If: answered("update of the plan", 202),
				Request: to(Update).set("plan_id", "{other plan}").set("parameters", "{update parameters of other plan}"),
			},
			{
				Name: "poll while updating the plan", If: answered("update of the plan", 202),
				Request: poll(LastOperation, "update of the plan"),
			},
			{Name: "update of the plan finished", WaitFor: "update of the plan"},
			{
				Name: "fetch after the update of the plan", Needs: fetch, If: answered("update of the plan", 200, 202),
				Request: to(FetchInstance),
			},

			{Name: "deprovision", Request: to(Deprovision), Essential: []int{200, 202}},
			{Name: "deprovision again while deleting", If: answered("deprovision", 202), Request: to(Deprovision)},
			{Name: "poll while deleting", If: answered("deprovision", 202), Request: poll(LastOperation, "deprovision")},
			{Name: "deprovision finished", WaitFor: "deprovision"},
			{Name: "poll after deleting", If: answered("deprovision", 202), Request: poll(LastOperation, "deprovision")},
			{Name: "deprovision again", Request: to(Deprovision)},
			{Name: "fetch after deleting", Needs: fetch, Request: to(FetchInstance)},
			{Name: "update after deleting", Request: to(Update)},
		},
	}
}

// recreateScenario provisions an instance during its deprovision. It is a
// separate scenario because a fast deletion leaves a new instance.
func recreateScenario() Scenario {
	return Scenario{
		Name: "recreate", Title: "Provision an instance during its deprovision.", PerPlan: true,
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "deprovision", Request: to(Deprovision), Essential: []int{200, 202}},
			{Name: "provision while deleting", If: answered("deprovision", 202), Request: to(Provision)},
			{Name: "poll while deleting", If: answered("deprovision", 202), Request: poll(LastOperation, "deprovision")},
			{Name: "deprovision finished", WaitFor: "deprovision"},
			{Name: "provision while deleting finished", WaitFor: "provision while deleting"},
			{
				Name: "deprovision the new instance", Request: to(Deprovision),
				If: both(inProgress("poll while deleting"), answered("provision while deleting", 201, 202)),
			},
		},
	}
}

// earlyUpdateScenario updates an instance during its provision and during its
// deprovision.
func earlyUpdateScenario() Scenario {
	update := to(Update).set("plan_id", "{new plan}").set("parameters", "{update parameters of new plan}")
	fetch := []Feature{InstancesRetrievable}
	return Scenario{
		Name: "early update", Title: "Update an instance during its provision and during its deprovision.", PerPlan: true,
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "update while creating", If: answered("provision", 202), Request: update},
			{Name: "poll while creating", If: answered("provision", 202), Request: poll(LastOperation, "provision")},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "update while creating finished", WaitFor: "update while creating"},
			{
				Name: "fetch after the early update", Needs: fetch,
				If: both(inProgress("poll while creating"), answered("update while creating", 200, 202)), Request: to(FetchInstance),
			},
			{Name: "deprovision", Request: to(Deprovision), Essential: []int{200, 202}},
			{Name: "update while deleting", If: answered("deprovision", 202), Request: update},
			{
				Name: "fetch after the late update", Needs: fetch,
				If: answered("update while deleting", 200), Request: to(FetchInstance),
			},
			{Name: "poll while deleting", If: answered("deprovision", 202), Request: poll(LastOperation, "deprovision")},
			{Name: "deprovision finished", WaitFor: "deprovision"},
			{Name: "update while deleting finished", WaitFor: "update while deleting"},
		},
	}
}

// cancelScenario deprovisions an instance during its provision.
func cancelScenario() Scenario {
	accepted := answered("provision", 202)
	return Scenario{
		Name: "cancel", Title: "Deprovision an instance during its provision.", PerPlan: true,
		Steps: []Step{
			deprovisionNothing(),
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "poll while creating", If: accepted, Request: poll(LastOperation, "provision")},
			{Name: "deprovision while creating", If: inProgress("poll while creating"), Request: to(Deprovision)},
			{
				Name: "poll the deletion", If: answered("deprovision while creating", 202),
				Request: poll(LastOperation, "deprovision while creating"),
			},
			{Name: "deprovision finished", WaitFor: "deprovision while creating"},
			{
				Name: "poll the creation after the deletion", If: answered("deprovision while creating", 200, 202),
				Request: poll(LastOperation, "provision"),
			},
			{
				Name: "fetch after the deletion", Needs: []Feature{InstancesRetrievable},
				If: answered("deprovision while creating", 200, 202), Request: to(FetchInstance),
			},
			{
				Name: "deprovision again", If: answered("deprovision while creating", 200, 202),
				Request: to(Deprovision),
			},
		},
	}
}

// busyScenario deprovisions an instance during a plan update.
func busyScenario() Scenario {
	return Scenario{
		Name: "busy", Title: "Deprovision an instance during a plan update.", PerPlan: true,
		Needs: []Feature{PlanUpdateable},
		Steps: []Step{
			deprovisionNothing(),
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},
			{
				Name:    "update of the plan",
				Request: to(Update).set("plan_id", "{other plan}").set("parameters", "{update parameters of other plan}"),
			},
			{
				Name: "poll while updating", If: answered("update of the plan", 202),
				Request: poll(LastOperation, "update of the plan"),
			},
			{Name: "deprovision while updating", If: inProgress("poll while updating"), Request: to(Deprovision)},
			{
				Name: "deprovision again", If: answered("deprovision while updating", 200), Request: to(Deprovision),
			},
		},
	}
}

// busyParametersScenario deprovisions an instance during an update of its
// parameters.
func busyParametersScenario() Scenario {
	return Scenario{
		Name: "busy parameters", Title: "Deprovision an instance during an update of its parameters.", PerPlan: true,
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "update of the parameters", Request: to(Update).set("parameters", "{update parameters}")},
			{
				Name: "deprovision while updating", If: answered("update of the parameters", 202), Request: to(Deprovision),
			},
			{
				Name: "poll while updating", If: answered("update of the parameters", 202),
				Request: poll(LastOperation, "update of the parameters"),
			},
		},
	}
}

// numbersScenario sends a number that a double cannot represent.
func numbersScenario() Scenario {
	return Scenario{
		Name: "numbers", Title: "Provision an instance with a number above 2^53, and fetch it.",
		Needs: []Feature{InstancesRetrievable, AnyParameters},
		Steps: []Step{
			{
				Name:    "provision with a large number",
				Request: to(Provision).set("parameters", map[string]any{"conformance": json.Number(largeNumber)}),
			},
			{Name: "provision finished", WaitFor: "provision with a large number"},
			{Name: "fetch", If: answered("provision with a large number", 201, 202), Request: to(FetchInstance)},
		},
	}
}

// largeNumber is the smallest positive integer that a double cannot represent.
const largeNumber = "9007199254740993"

// mismatchedScenario deletes resources with the id of another plan or service.
func mismatchedScenario() Scenario {
	return Scenario{
		Name: "mismatched", Title: "Delete a binding and an instance with the id of another plan or service.",
		Needs: []Feature{OtherPlan},
		Steps: []Step{
			{Name: "provision", Request: to(Provision), Essential: []int{200, 201, 202}},
			{Name: "provision finished", WaitFor: "provision"},
			{Name: "bind", Needs: []Feature{Bindable}, Request: to(Bind)},
			{Name: "bind finished", WaitFor: "bind"},
			{
				Name: "unbind of another plan", If: answered("bind", 201, 202),
				Request: to(Unbind).ask("plan_id", "{other plan}"),
			},
			{Name: "unbind finished", WaitFor: "unbind of another plan"},
			{
				Name: "unbind of another service", If: both(answered("bind", 201, 202), refusedAll("unbind of another plan")),
				Request: to(Unbind).ask("service_id", "{unknown}"),
			},
			{Name: "unbind of another service finished", WaitFor: "unbind of another service"},
			{Name: "deprovision of another plan", Request: to(Deprovision).ask("plan_id", "{other plan}")},
			{Name: "deprovision finished", WaitFor: "deprovision of another plan"},
			{
				Name: "deprovision of another service", If: refusedAll("deprovision of another plan"),
				Request: to(Deprovision).ask("service_id", "{unknown}"),
			},
		},
	}
}
