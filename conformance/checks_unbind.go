package conformance

func fetchBindingChecks() []Check {
	const section = "Fetching a Service Binding"
	return []Check{
		{
			ID: "fetch-binding-after-bind", Title: "A new binding can be fetched immediately.", Level: Must,
			Clause:   spec(section, "With bindings_retrievable, the endpoint is available immediately after the operation has succeeded."),
			Scenario: "binding", Steps: steps("fetch binding"), Expect: expect(status(200), jsonObject()),
		},
		{
			ID: "fetch-binding-without-query", Title: "A binding can be fetched without query parameters.", Level: Must,
			Clause:   spec(section, "service_id and plan_id are optional hints."),
			Scenario: "binding", Steps: steps("fetch binding without query"), Expect: expect(status(200)),
		},
		{
			ID: "fetch-binding-same", Title: "A fetched binding equals the response to the bind.", Level: Should,
			Clause:   spec(section, "The members are those of the response to the bind."),
			Scenario: "binding", Steps: steps("fetch binding"), If: both(answered("bind", 201), withStatus(200)),
			Expect: expect(
				sameIfPresent("bind", "credentials"), sameAs("bind", "metadata"), sameAs("bind", "syslog_drain_url"),
				sameAs("bind", "route_service_url"), sameAs("bind", "volume_mounts"),
			),
		},
		{
			ID: "fetch-binding-stable", Title: "Two fetches of a binding return the same credentials and metadata.", Level: Should,
			Clause:   spec(section, "The members are those of the binding."),
			Scenario: "binding", Steps: steps("fetch binding again"), If: withStatus(200),
			Expect: expect(sameIfPresent("fetch binding", "credentials"), sameAs("fetch binding", "metadata")),
		},
		{
			ID: "fetch-binding-parameters", Title: "The parameters of a fetched binding are the ones that were sent.", Level: Should,
			Clause:   spec(section, "parameters are the parameters of the binding. The broker may leave out some or all."),
			Scenario: "binding", Steps: steps("fetch binding"), If: both(withStatus(200), withValue("parameters")),
			Expect: expect(sentWith("bind", bindSchema)),
		},
		{
			ID: "fetch-binding-other-instance-404", Title: "A fetch of a binding of another instance is answered with 404.", Level: Must,
			Steps:    steps("fetch binding of another instance", "fetch binding of a third instance"),
			Clause:   spec(section, "The binding id is the id of a binding of the instance. The answer is 404 if it does not exist."),
			Scenario: "binding", Expect: expect(status(404)),
		},
		{
			ID: "fetch-binding-while-creating-404", Title: "A fetch during the bind is answered with 404.", Level: Must,
			Clause:   spec(section, "The answer is 404 while the bind is in progress."),
			Scenario: "binding", Steps: steps("fetch binding while creating"), If: inProgress("poll while binding"),
			Expect: expect(status(404)),
		},
		{
			ID: "fetch-binding-unknown-404", Title: "A fetch of an unknown binding is answered with 404.", Level: Must,
			Clause:   spec(section, "The answer is 404 if the binding does not exist."),
			Scenario: "unknown", Steps: steps("fetch unknown binding"), Expect: expect(status(404)),
		},
		{
			ID: "fetch-binding-after-unbind-404", Title: "A fetch of a deleted binding is answered with 404.", Level: Must,
			Clause:   spec(section, "The answer is 404 if the binding does not exist."),
			Scenario: "binding", Steps: steps("fetch binding after unbinding"), Expect: expect(status(404)),
		},
	}
}

func unbindChecks() []Check {
	const section = "Unbinding"
	return []Check{
		{
			ID: "unbind-succeeds", Title: "An unbind is answered with 200, or with 202 if it is asynchronous.", Level: Must,
			Clause:   spec(section, "The answer is 200 with {} if this request deleted the binding, 202 if the unbind is in progress."),
			Scenario: "binding", Steps: steps("unbind"), Expect: expect(status(200, 202), jsonObject()),
		},
		{
			ID: "unbind-repeated-while-deleting", Level: Must,
			Title:    "An unbind repeated while it is in progress is answered with 202, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The answer is 202 with the same operation, not 200; it is 422 ConcurrencyError if another operation is in progress."),
			Scenario: "binding", Steps: steps("unbind again while deleting"), If: inProgress("poll while unbinding"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("unbind")),
		},
		{
			ID: "unbind-unknown-410", Title: "An unbind of an unknown binding is answered with 410.", Level: Must,
			Clause:   spec(section, "The answer is 410 if the binding does not exist."),
			Scenario: "unknown", Steps: steps("unbind unknown binding"), Expect: expect(status(410)),
		},
		{
			ID: "unbind-repeated-410", Title: "A repeated unbind is answered with 410.", Level: Must,
			Clause:   spec(section, "The answer is 410 if the binding does not exist."),
			Scenario: "binding", Steps: steps("unbind again"), Expect: expect(status(410)),
		},
		{
			ID: "unbind-no-service-id", Title: "An unbind without service_id is refused with 400.", Level: Must,
			Clause:   spec(section, "service_id is required. The answer is 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("unbind without service_id"), Expect: expect(status(400)),
		},
		{
			ID: "unbind-no-plan-id", Title: "An unbind without plan_id is refused with 400.", Level: Must,
			Clause:   spec(section, "plan_id is required. The answer is 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("unbind without plan_id"), Expect: expect(status(400)), Needs: []Feature{Bindable},
		},
		{
			ID: "unbind-async-required", Level: Must,
			Title:    "Without accepts_incomplete, an unbind that can only be asynchronous is refused with 422 AsyncRequired.",
			Clause:   spec(section, "The answer is 422 AsyncRequired if only asynchronous unbinds are supported."),
			Scenario: "synchronous", Steps: steps("unbind without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "unbind-async-required-false", Title: "An unbind with accepts_incomplete=false is treated as one without it.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is missing or set to false."),
			Scenario: "synchronous", Steps: steps("unbind with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "unbind-after-async-required", Title: "An unbind refused with AsyncRequired deletes nothing.", Level: Must,
			Clause:   spec("Service Broker Errors", "A 4xx leaves the resources of the broker semantically unchanged."),
			Scenario: "synchronous", Steps: steps("unbind after the refusal"), Expect: expect(status(200, 202)),
		},
		{
			ID: "unbind-other-plan", Title: "An unbind with the id of another plan or service is refused.", Level: May,
			Clause:   spec(section, "service_id and plan_id are those of the binding. The answer may be 400 for invalid data."),
			Scenario: "mismatched", Steps: steps("unbind of another plan", "unbind of another service"), Expect: expect(refusal()),
		},
		{
			ID: "unbind-encoded-id", Title: "A binding with percent-encoded characters in its id can be unbound.", Level: Must,
			Clause:   spec("URL Properties", "An id is the same in the bind and in the unbind."),
			Scenario: "encoded", Steps: steps("unbind"), Expect: expect(status(200, 202)),
		},
		{
			ID: "unbind-while-binding", Level: Must,
			Title:    "An unbind during the bind is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The broker halts the creation, or refuses the request with 422 ConcurrencyError."),
			Scenario: "cancel binding", Steps: steps("unbind while binding"), Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			// MAY: the creation may have ended just before its deletion began, which is
			// not a fault.
			ID: "unbind-while-binding-bind-failed", Level: May,
			Title:    "After an unbind during the bind, polls report the bind as failed.",
			Clause:   spec(section, "If the unbind was processed immediately, the last operation reports the state failed for the bind."),
			Scenario: "cancel binding", Steps: steps("poll the creation after the deletion"), Expect: expect(haltedCreation("bind", "unbind while binding")),
		},
		{
			ID: "unbind-while-binding-polled", Title: "After an unbind during the bind, polls report the state of the unbind.", Level: Should,
			Clause:   spec(section, "The last operation reports the state of the unbind request."),
			Scenario: "cancel binding", Steps: steps("unbind finished"), If: answered("unbind while binding", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "unbind-while-binding-deletes", Title: "An unbind during the bind deletes the binding.", Level: Must,
			Clause:   spec(section, "The net effect is that the creation is halted and the resources are deleted."),
			Scenario: "cancel binding", Steps: steps("unbind again"), If: reportsMissing(nothingUnbound),
			Expect: expect(missing()),
		},
		{
			ID: "unbind-while-binding-not-fetched", Title: "A fetch after an unbind during the bind is answered with 404.", Level: Must,
			Clause:   spec(section, "The net effect is that the creation is halted and the resources are deleted."),
			Scenario: "cancel binding", Steps: steps("fetch after the deletion"), Expect: expect(status(404)),
		},
	}
}

func deprovisionChecks() []Check {
	const section = "Deprovisioning"
	return []Check{
		{
			ID: "deprovision-succeeds", Title: "A deprovision is answered with 200, or with 202 if it is asynchronous.", Level: Must,
			Clause:   spec(section, "The answer is 200 with {} if this request deleted the instance, 202 if the deprovision is in progress."),
			Scenario: "instance", Steps: steps("deprovision"), Expect: expect(status(200, 202), jsonObject()),
		},
		{
			ID: "deprovision-repeated-while-deleting", Level: Must,
			Title:    "A deprovision repeated while it is in progress is answered with 202, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The answer is 202 with the same operation, not 200; it is 422 ConcurrencyError if another operation is in progress."),
			Scenario: "instance", Steps: steps("deprovision again while deleting"), If: inProgress("poll while deleting"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("deprovision")),
		},
		{
			ID: "provision-while-deleting-creates", Title: "A provision that is accepted during the deprovision creates a new instance.",
			Level: Must, Clause: spec("Provisioning", "The answer is 201 if this request provisioned the instance, 202 if the provision is in progress."),
			Scenario: "recreate", Steps: steps("deprovision the new instance"), If: succeededAt("provision while deleting finished"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "provision-while-deleting", Level: Must,
			Title:    "A provision during the deprovision creates a new instance, or is refused with 409 or 422 ConcurrencyError.",
			Clause:   spec("Blocking Operations", "A request that cannot be processed because of concurrency is answered with 422 ConcurrencyError."),
			Scenario: "recreate", Steps: steps("provision while deleting"), If: inProgress("poll while deleting"),
			Expect: expect(statusOrCode("ConcurrencyError", 201, 202, 409)),
		},
		{
			ID: "deprovision-unknown-410", Title: "A deprovision of an unknown instance is answered with 410.", Level: Must,
			Clause:   spec(section, "The answer is 410 if the instance does not exist."),
			Scenario: "unknown", Steps: steps("deprovision unknown instance"), Expect: expect(status(410)),
		},
		{
			ID: "deprovision-repeated-410", Title: "A repeated deprovision is answered with 410.", Level: Must,
			Clause:   spec(section, "The answer is 410 if the instance does not exist."),
			Scenario: "instance", Steps: steps("deprovision again"), Expect: expect(status(410)),
		},
		{
			ID: "deprovision-no-service-id", Title: "A deprovision without service_id is refused with 400.", Level: Must,
			Clause:   spec(section, "service_id is required. The answer is 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("deprovision without service_id"), Expect: expect(status(400)),
		},
		{
			ID: "deprovision-no-plan-id", Title: "A deprovision without plan_id is refused with 400.", Level: Must,
			Clause:   spec(section, "plan_id is required. The answer is 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("deprovision without plan_id"), Expect: expect(status(400)),
		},
		{
			ID: "deprovision-async-required", Level: Must,
			Title:    "Without accepts_incomplete, a deprovision that can only be asynchronous is refused with 422 AsyncRequired.",
			Clause:   spec(section, "The answer is 422 AsyncRequired if only asynchronous deprovisions are supported."),
			Scenario: "synchronous", Steps: steps("deprovision without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "deprovision-after-async-required", Title: "A deprovision refused with AsyncRequired deletes nothing.", Level: Must,
			Clause:   spec("Service Broker Errors", "A 4xx leaves the resources of the broker semantically unchanged."),
			Scenario: "synchronous", Steps: steps("deprovision after the refusal"), Expect: expect(status(200, 202)),
		},
		{
			ID: "deprovision-other-plan", Title: "A deprovision with the id of another plan or service is refused.", Level: May,
			Clause:   spec(section, "service_id and plan_id are those of the instance. The answer may be 400 for invalid data."),
			Scenario: "mismatched", Steps: steps("deprovision of another plan", "deprovision of another service"),
			Expect: expect(refusal()),
		},
		{
			ID: "deprovision-while-updating", Level: Must,
			Title:    "A deprovision during a plan update is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The answer is 422 ConcurrencyError if another operation on the instance prevents the deletion."),
			Scenario: "busy", Steps: steps("deprovision while updating"), Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "deprovision-while-updating-deletes", Title: "A deprovision that is answered with 200 during a plan update deletes the instance.",
			Level: Must, Clause: spec(section, "The answer is 200 if this request deleted the instance."),
			Scenario: "busy", Steps: steps("deprovision again"), If: reportsMissing(nothingDeprovisioned),
			Expect: expect(missing()),
		},
		{
			ID: "deprovision-encoded-id", Title: "An instance with percent-encoded characters in its id can be deprovisioned.", Level: Must,
			Clause:   spec("URL Properties", "An id is the same in the provision and in the deprovision."),
			Scenario: "encoded", Steps: steps("deprovision"), Expect: expect(status(200, 202)),
		},
		{
			ID: "deprovision-while-creating", Level: Must,
			Title:    "A deprovision during the provision is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The broker halts the creation, or refuses the request with 422 ConcurrencyError."),
			Scenario: "cancel", Steps: steps("deprovision while creating"), Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "deprovision-while-creating-polled", Level: Should,
			Title:    "After a deprovision during the provision, polls report the state of the deprovision.",
			Clause:   spec(section, "The last operation reports the state of the deprovision request."),
			Scenario: "cancel", Steps: steps("deprovision finished"), If: answered("deprovision while creating", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "deprovision-while-creating-deletes", Title: "A deprovision during the provision deletes the instance.", Level: Must,
			Clause:   spec(section, "The net effect is that the creation is halted and the resources are deleted."),
			Scenario: "cancel", Steps: steps("deprovision again"), If: reportsMissing(nothingDeprovisioned),
			Expect: expect(missing()),
		},
		{
			// MAY: the creation may have ended just before its deletion began, which is
			// not a fault.
			ID: "deprovision-while-creating-provision-failed", Level: May,
			Title:    "After a deprovision during the provision, polls report the provision as failed.",
			Clause:   spec(section, "If the deprovision was processed immediately, the last operation reports the state failed for the provision."),
			Scenario: "cancel", Steps: steps("poll the creation after the deletion"), Expect: expect(haltedCreation("provision", "deprovision while creating")),
		},
		{
			ID: "deprovision-while-updating-parameters", Level: Must,
			Title:    "A deprovision during an update of the parameters is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The answer is 422 ConcurrencyError if another operation on the instance is in progress."),
			Scenario: "busy parameters", Steps: steps("deprovision while updating"), If: inProgress("poll while updating"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "deprovision-async-required-false", Title: "A deprovision with accepts_incomplete=false is treated as one without it.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is missing or set to false."),
			Scenario: "synchronous", Steps: steps("deprovision with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "deprovision-while-creating-not-fetched", Level: Must,
			Title:    "A fetch after a deprovision during the provision is answered with 404.",
			Clause:   spec(section, "The net effect is that the creation is halted and the resources are deleted."),
			Scenario: "cancel", Steps: steps("fetch after the deletion"), Expect: expect(status(404)),
		},
	}
}
