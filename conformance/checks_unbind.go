package conformance

func fetchBindingChecks() []Check {
	const section = "Fetching a Service Binding"
	return []Check{
		{
			ID: "fetch-binding-after-bind", Title: "A binding can be fetched as soon as it is created.", Level: Must,
			Clause:   spec(section, "With bindings_retrievable the endpoint is available immediately after the success."),
			Scenario: "binding", Steps: steps("fetch binding"), Expect: expect(status(200), jsonObject()),
		},
		{
			ID: "fetch-binding-without-query", Title: "A binding can be fetched without query parameters.", Level: Must,
			Clause:   spec(section, "service_id and plan_id are hints that may be absent."),
			Scenario: "binding", Steps: steps("fetch binding without query"), Expect: expect(status(200)),
		},
		{
			ID: "fetch-binding-same", Title: "A fetched binding is what the bind told.", Level: Should,
			Clause:   spec(section, "The members are those of the answer to the bind."),
			Scenario: "binding", Steps: steps("fetch binding"), If: both(answered("bind", 201), withStatus(200)),
			Expect: expect(
				sameIfPresent("bind", "credentials"), sameAs("bind", "metadata"), sameAs("bind", "syslog_drain_url"),
				sameAs("bind", "route_service_url"), sameAs("bind", "volume_mounts"),
			),
		},
		{
			ID: "fetch-binding-stable", Title: "A binding is the same each time that it is fetched.", Level: Should,
			Clause:   spec(section, "The members are those of the binding."),
			Scenario: "binding", Steps: steps("fetch binding again"), If: withStatus(200),
			Expect: expect(sameIfPresent("fetch binding", "credentials"), sameAs("fetch binding", "metadata")),
		},
		{
			ID: "fetch-binding-parameters", Title: "The parameters of a fetched binding are those that were sent.", Level: Should,
			Clause:   spec(section, "parameters are the binding's; some or all may be left out."),
			Scenario: "binding", Steps: steps("fetch binding"), If: both(withStatus(200), withValue("parameters")),
			Expect: expect(sentWith("bind", bindSchema)),
		},
		{
			ID: "fetch-binding-other-instance-404", Title: "A binding cannot be fetched through another instance.", Level: Must,
			Steps:    steps("fetch binding of another instance", "fetch binding of a third instance"),
			Clause:   spec(section, "The binding id is that of a binding of that instance; 404 if it does not exist."),
			Scenario: "binding", Expect: expect(status(404)),
		},
		{
			ID: "fetch-binding-while-creating-404", Title: "A binding that is being created cannot be fetched.", Level: Must,
			Clause:   spec(section, "404 if a binding operation is still in progress."),
			Scenario: "binding", Steps: steps("fetch binding while creating"), If: inProgress("poll while binding"),
			Expect: expect(status(404)),
		},
		{
			ID: "fetch-binding-unknown-404", Title: "An unknown binding cannot be fetched.", Level: Must,
			Clause:   spec(section, "404 if the binding does not exist."),
			Scenario: "unknown", Steps: steps("fetch unknown binding"), Expect: expect(status(404)),
		},
		{
			ID: "fetch-binding-after-unbind-404", Title: "A binding that was unbound cannot be fetched.", Level: Must,
			Clause:   spec(section, "404 if the binding does not exist."),
			Scenario: "binding", Steps: steps("fetch binding after unbinding"), Expect: expect(status(404)),
		},
	}
}

func unbindChecks() []Check {
	const section = "Unbinding"
	return []Check{
		{
			ID: "unbind-succeeds", Title: "An unbind is answered with 200, or 202 if it goes on.", Level: Must,
			Clause:   spec(section, "200 with {} if the binding was deleted by this request, 202 if it is in progress."),
			Scenario: "binding", Steps: steps("unbind"), Expect: expect(status(200, 202), jsonObject()),
		},
		{
			ID: "unbind-repeated-while-deleting", Level: Must,
			Title:    "An unbind that is repeated while it is in progress is answered with 202, or 422 ConcurrencyError.",
			Clause:   spec(section, "202 with the same operation, not 200; but 422 ConcurrencyError if another operation is in progress."),
			Scenario: "binding", Steps: steps("unbind again while deleting"), If: inProgress("poll while unbinding"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("unbind")),
		},
		{
			ID: "unbind-unknown-410", Title: "An unbind of an unknown binding is answered with 410.", Level: Must,
			Clause:   spec(section, "410 if the binding does not exist."),
			Scenario: "unknown", Steps: steps("unbind unknown binding"), Expect: expect(status(410)),
		},
		{
			ID: "unbind-repeated-410", Title: "An unbind of what is unbound is answered with 410.", Level: Must,
			Clause:   spec(section, "410 if the binding does not exist."),
			Scenario: "binding", Steps: steps("unbind again"), Expect: expect(status(410)),
		},
		{
			ID: "unbind-no-service-id", Title: "An unbind without service_id is refused with 400.", Level: Must,
			Clause:   spec(section, "service_id is required; 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("unbind without service_id"), Expect: expect(status(400)),
		},
		{
			ID: "unbind-no-plan-id", Title: "An unbind without plan_id is refused with 400.", Level: Must,
			Clause:   spec(section, "plan_id is required; 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("unbind without plan_id"), Expect: expect(status(400)), Needs: []Feature{Bindable},
		},
		{
			ID: "unbind-async-required", Level: Must,
			Title:    "An unbind that can only be asynchronous is refused with 422 AsyncRequired without accepts_incomplete.",
			Clause:   spec(section, "422 AsyncRequired if only asynchronous unbinding is supported."),
			Scenario: "synchronous", Steps: steps("unbind without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "unbind-async-required-false", Title: "To an unbind, accepts_incomplete=false is the same as none.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is not included or is set to false."),
			Scenario: "synchronous", Steps: steps("unbind with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "unbind-after-async-required", Title: "What is refused with AsyncRequired is not unbound.", Level: Must,
			Clause:   spec("Service Broker Errors", "After a 4xx the resources of the broker are semantically unchanged."),
			Scenario: "synchronous", Steps: steps("unbind after the refusal"), Expect: expect(status(200, 202)),
		},
		{
			ID: "unbind-other-plan", Title: "An unbind that names another plan or service is refused.", Level: May,
			Clause:   spec(section, "service_id and plan_id are those of the binding; 400 may be returned for invalid data."),
			Scenario: "mismatched", Steps: steps("unbind of another plan", "unbind of another service"), Expect: expect(refusal()),
		},
		{
			ID: "unbind-encoded-id", Title: "A binding whose id is percent-encoded can be unbound.", Level: Must,
			Clause:   spec("URL Properties", "The id of the bind is that of the unbind."),
			Scenario: "encoded", Steps: steps("unbind"), Expect: expect(status(200, 202)),
		},
		{
			ID: "unbind-while-binding", Level: Must,
			Title:    "An unbind of a binding that is being created is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "Creation is halted if the request is accepted; else 422 ConcurrencyError."),
			Scenario: "cancel binding", Steps: steps("unbind while binding"), Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			// A creation may have ended just before its deletion began: that is no fault.
			ID: "unbind-while-binding-bind-failed", Level: May,
			Title:    "After an unbind of what is being created, the bind is reported as failed.",
			Clause:   spec(section, "If it was performed at once, the last operation indicates that the bind has the state failed."),
			Scenario: "cancel binding", Steps: steps("poll the creation after the deletion"), Expect: expect(haltedCreation("bind", "unbind while binding")),
		},
		{
			ID: "unbind-while-binding-polled", Title: "After an unbind of what is being created, polls tell of the unbind.", Level: Should,
			Clause:   spec(section, "The last operation indicates the state of the delete request."),
			Scenario: "cancel binding", Steps: steps("unbind finished"), If: answered("unbind while binding", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "unbind-while-binding-deletes", Title: "An unbind of what is being created deletes it.", Level: Must,
			Clause:   spec(section, "The net effect is halting the creation and deleting the resources."),
			Scenario: "cancel binding", Steps: steps("unbind again"), If: reportsMissing(nothingUnbound),
			Expect: expect(missing()),
		},
		{
			ID: "unbind-while-binding-not-fetched", Title: "What was unbound while it was created cannot be fetched.", Level: Must,
			Clause:   spec(section, "The net effect is halting the creation and deleting the resources."),
			Scenario: "cancel binding", Steps: steps("fetch after the deletion"), Expect: expect(status(404)),
		},
	}
}

func deprovisionChecks() []Check {
	const section = "Deprovisioning"
	return []Check{
		{
			ID: "deprovision-succeeds", Title: "A deprovision is answered with 200, or 202 if it goes on.", Level: Must,
			Clause:   spec(section, "200 with {} if the instance was deleted by this request, 202 if it is in progress."),
			Scenario: "instance", Steps: steps("deprovision"), Expect: expect(status(200, 202), jsonObject()),
		},
		{
			ID: "deprovision-repeated-while-deleting", Level: Must,
			Title:    "A deprovision that is repeated while it is in progress is answered with 202, or 422 ConcurrencyError.",
			Clause:   spec(section, "202 with the same operation, not 200; but 422 ConcurrencyError if another operation is in progress."),
			Scenario: "instance", Steps: steps("deprovision again while deleting"), If: inProgress("poll while deleting"),
			Expect: expect(statusOrCode("ConcurrencyError", 202), sameOperation("deprovision")),
		},
		{
			ID: "provision-while-deleting-creates", Title: "A provision that is accepted while the instance is deprovisioned creates it anew.",
			Level: Must, Clause: spec("Provisioning", "201 if it was provisioned by this request, 202 if the provision is in progress."),
			Scenario: "recreate", Steps: steps("deprovision what was created anew"), If: succeededAt("provision anew finished"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "provision-while-deleting", Level: Must,
			Title:    "A provision of an instance that is being deprovisioned is refused, or creates it anew.",
			Clause:   spec("Blocking Operations", "What cannot be processed due to concurrency is 422 ConcurrencyError."),
			Scenario: "recreate", Steps: steps("provision while deleting"), If: inProgress("poll while deleting"),
			Expect: expect(statusOrCode("ConcurrencyError", 201, 202, 409)),
		},
		{
			ID: "deprovision-unknown-410", Title: "A deprovision of an unknown instance is answered with 410.", Level: Must,
			Clause:   spec(section, "410 if the instance does not exist."),
			Scenario: "unknown", Steps: steps("deprovision unknown instance"), Expect: expect(status(410)),
		},
		{
			ID: "deprovision-repeated-410", Title: "A deprovision of what is deprovisioned is answered with 410.", Level: Must,
			Clause:   spec(section, "410 if the instance does not exist."),
			Scenario: "instance", Steps: steps("deprovision again"), Expect: expect(status(410)),
		},
		{
			ID: "deprovision-no-service-id", Title: "A deprovision without service_id is refused with 400.", Level: Must,
			Clause:   spec(section, "service_id is required; 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("deprovision without service_id"), Expect: expect(status(400)),
		},
		{
			ID: "deprovision-no-plan-id", Title: "A deprovision without plan_id is refused with 400.", Level: Must,
			Clause:   spec(section, "plan_id is required; 400 if mandatory data is missing."),
			Scenario: "refused", Steps: steps("deprovision without plan_id"), Expect: expect(status(400)),
		},
		{
			ID: "deprovision-async-required", Level: Must,
			Title:    "A deprovision that can only be asynchronous is refused with 422 AsyncRequired without accepts_incomplete.",
			Clause:   spec(section, "422 AsyncRequired if only asynchronous deprovisioning is supported."),
			Scenario: "synchronous", Steps: steps("deprovision without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "deprovision-after-async-required", Title: "What is refused with AsyncRequired is not deprovisioned.", Level: Must,
			Clause:   spec("Service Broker Errors", "After a 4xx the resources of the broker are semantically unchanged."),
			Scenario: "synchronous", Steps: steps("deprovision after the refusal"), Expect: expect(status(200, 202)),
		},
		{
			ID: "deprovision-other-plan", Title: "A deprovision that names another plan or service is refused.", Level: May,
			Clause:   spec(section, "service_id and plan_id are those of the instance; 400 may be returned for invalid data."),
			Scenario: "mismatched", Steps: steps("deprovision of another plan", "deprovision of another service"),
			Expect: expect(refusal()),
		},
		{
			ID: "deprovision-while-updating", Level: Must,
			Title:    "A deprovision of what is being updated is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "422 ConcurrencyError if another operation processes it and it cannot be deleted."),
			Scenario: "busy", Steps: steps("deprovision while updating"), Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "deprovision-while-updating-deletes", Title: "A deprovision of what is being updated deletes it, if it says so.",
			Level: Must, Clause: spec(section, "200 if the instance was deleted by this request."),
			Scenario: "busy", Steps: steps("deprovision again"), If: reportsMissing(nothingDeprovisioned),
			Expect: expect(missing()),
		},
		{
			ID: "deprovision-encoded-id", Title: "An instance whose id is percent-encoded can be deprovisioned.", Level: Must,
			Clause:   spec("URL Properties", "The id of the provision is that of the deprovision."),
			Scenario: "encoded", Steps: steps("deprovision"), Expect: expect(status(200, 202)),
		},
		{
			ID: "deprovision-while-creating", Level: Must,
			Title:    "A deprovision of what is being provisioned is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "Creation is halted if the request is accepted; else 422 ConcurrencyError."),
			Scenario: "cancel", Steps: steps("deprovision while creating"), Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "deprovision-while-creating-polled", Level: Should,
			Title:    "After a deprovision of what is being provisioned, polls tell of the deprovision.",
			Clause:   spec(section, "The last operation indicates the state of the deprovision request."),
			Scenario: "cancel", Steps: steps("deprovision finished"), If: answered("deprovision while creating", 202),
			Expect: expect(succeeds()),
		},
		{
			ID: "deprovision-while-creating-deletes", Title: "A deprovision of what is being provisioned deletes it.", Level: Must,
			Clause:   spec(section, "The net effect is halting the creation and deleting the resources."),
			Scenario: "cancel", Steps: steps("deprovision again"), If: reportsMissing(nothingDeprovisioned),
			Expect: expect(missing()),
		},
		{
			// A creation may have ended just before its deletion began: that is no fault.
			ID: "deprovision-while-creating-provision-failed", Level: May,
			Title:    "After a deprovision of what is being provisioned, the provision is reported as failed.",
			Clause:   spec(section, "If it was performed at once, the last operation indicates that the provision has the state failed."),
			Scenario: "cancel", Steps: steps("poll the creation after the deletion"), Expect: expect(haltedCreation("provision", "deprovision while creating")),
		},
		{
			ID: "deprovision-while-updating-parameters", Level: Must,
			Title:    "A deprovision while the parameters are updated is processed, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "422 ConcurrencyError if the instance is being processed by some other operation."),
			Scenario: "busy parameters", Steps: steps("deprovision while updating"), If: inProgress("poll while updating"),
			Expect: expect(statusOrCode("ConcurrencyError", 200, 202)),
		},
		{
			ID: "deprovision-async-required-false", Title: "To a deprovision, accepts_incomplete=false is the same as none.", Level: Must,
			Clause:   spec("Asynchronous Operations", "The parameter is not included or is set to false."),
			Scenario: "synchronous", Steps: steps("deprovision with accepts_incomplete=false"), Expect: expect(statusOrCode("AsyncRequired", 200)),
		},
		{
			ID: "deprovision-while-creating-not-fetched", Level: Must,
			Title:    "What was deprovisioned while it was created cannot be fetched.",
			Clause:   spec(section, "The net effect is halting the creation and deleting the resources."),
			Scenario: "cancel", Steps: steps("fetch after the deletion"), Expect: expect(status(404)),
		},
	}
}
