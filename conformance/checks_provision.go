package conformance

import "net/http"

func provisionChecks() []Check {
	const section = "Provisioning"
	const again = "The answer is 202 with the same operation while the provision is in progress, not 200."
	return []Check{
		{
			ID: "provision-succeeds", Title: "A provision is answered with 201, or with 202 if it is asynchronous.", Level: Must,
			Clause:   spec(section, "The answer is 201 if this request provisioned the instance, 202 if the provision is in progress."),
			Scenario: "instance", Steps: steps("provision"), Expect: expect(status(201, 202)),
		},
		{
			ID: "provision-body", Level: Must,
			Title:    "The members of the response to a provision have the specified types.",
			Clause:   spec(section, "dashboard_url is a string or null, metadata an object."),
			Scenario: "instance", Steps: steps("provision"), If: success(),
			Expect: expect(
				jsonObject(), maybe("dashboard_url", aString.or(null)), maybe("metadata", anObject.or(null)),
				maybe("metadata.labels", anObject), maybe("metadata.attributes", anObject),
			),
		},
		{
			ID: "provision-repeated-200", Title: "A repeated provision is answered with 200.", Level: Should,
			Clause:   spec(section, "The answer is 200 if the instance exists, is fully provisioned and has identical parameters."),
			Scenario: "instance", Steps: steps("provision again"), Expect: expect(status(200)),
		},
		{
			ID: "provision-repeated-not-created", Title: "A repeated provision is not answered with 201 or 202.", Level: Should,
			Clause:   spec(section, "The answer is 200 for an existing instance, and 201 for an instance that this request provisioned."),
			Scenario: "instance", Steps: steps("provision again"),
			Expect: expect(each("no status 201 or 202", func(a *answer) string {
				if a.is(201, 202) {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "provision-repeated-dashboard-url", Title: "A repeated provision returns the same dashboard_url.", Level: May,
			Clause:   spec(section, "The 200 has the same body as the first successful response."),
			Scenario: "instance", Steps: steps("provision again"), If: both(returned("provision", "dashboard_url"), withStatus(200)),
			Expect: expect(sameAs("provision", "dashboard_url")),
		},
		{
			ID: "provision-repeated-while-creating", Level: Must,
			Title:    "A provision repeated while it is in progress is answered with 202.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("provision again while creating"), If: inProgress("poll while creating"),
			Expect: expect(status(202)),
		},
		{
			ID: "provision-repeated-same-operation", Level: Must,
			Title:    "A provision repeated while it is in progress returns the same operation.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("provision again while creating"),
			If:     both(inProgress("poll while creating"), withStatus(202)),
			Expect: expect(sameOperation("provision")),
		},
		{
			ID: "provision-other-plan-409", Title: "A provision of the same instance with another plan is a conflict.", Level: Must,
			Clause:   spec(section, "The answer is 409 if an instance with the same id exists with different attributes."),
			Scenario: "instance", Steps: steps("provision another plan"), Expect: expect(status(409)),
		},
		{
			ID: "provision-other-plan-while-creating-409", Level: Must,
			Title:    "A provision with another plan is a conflict while the first provision is in progress.",
			Clause:   spec(section, "The answer is 409 if an instance with the same id is being provisioned with different attributes."),
			Scenario: "instance", Steps: steps("provision another plan while creating"), If: inProgress("poll while creating"),
			Expect: expect(status(409)),
		},
		{
			ID: "provision-other-parameters-409", Level: Must,
			Title:    "A provision of the same instance with other parameters is a conflict.",
			Clause:   spec(section, "The answer is 409 if an instance with the same id exists with different attributes."),
			Scenario: "instance", Steps: steps("provision other parameters"), Expect: expect(conflict(CreateSchema)),
		},
		{
			ID: "provision-other-parameters-while-creating-409", Level: Must,
			Title:    "A provision with other parameters is a conflict while the first provision is in progress.",
			Clause:   spec(section, "The answer is 409 if an instance with the same id is being provisioned with different attributes."),
			Scenario: "instance", Steps: steps("provision other parameters while creating"), If: inProgress("poll while creating"),
			Expect: expect(conflict(CreateSchema)),
		},
		{
			ID: "dashboard-url-per-instance", Title: "Two instances have different values of dashboard_url.", Level: Must,
			Clause:   spec(section, "dashboard_url has enough information to identify the resource."),
			Scenario: "instance", Steps: steps("provision another instance"), If: both(returned("provision", "dashboard_url"), withValue("dashboard_url")),
			Expect: expect(differsFrom("provision", "dashboard_url")),
		},
		{
			ID: "provision-other-space-409", Title: "A provision of the same instance in another space is a conflict.", Level: May,
			Clause:   spec(section, "The answer is 409 if an instance with the same id exists with different attributes."),
			Scenario: "instance", Steps: steps("provision in another space"), Expect: expect(status(409)),
		},
		{
			ID: "provision-maintenance-conflict", Level: Must,
			Title:    "A provision with another maintenance version is refused with 422 MaintenanceInfoConflict.",
			Clause:   spec(section, "The answer is 422 MaintenanceInfoConflict if the version differs from the catalog."),
			Scenario: "instance", Steps: steps("provision with another maintenance version"),
			Expect: expect(status(422), errorCode("MaintenanceInfoConflict")),
		},
		{
			ID: "provision-parameters-validated", Title: "A provision with parameters that violate the plan's schema is refused.", Level: Should,
			Clause:   spec(section, "Brokers should ensure that the parameters are valid for the operation."),
			Scenario: "instance", Steps: steps("provision with invalid parameters"), Expect: expect(refusal()),
		},
		{
			ID: "provision-async-required", Level: Must,
			Title:    "Without accepts_incomplete, a provision that can only be asynchronous is refused with 422 AsyncRequired.",
			Clause:   spec("Asynchronous Operations", "A request that cannot be fulfilled synchronously is rejected with 422 AsyncRequired."),
			Scenario: "synchronous", Steps: steps("provision without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 201)),
		},
		{
			ID: "provision-async-required-false", Level: Must,
			Title:    "A provision with accepts_incomplete=false is treated as one without it.",
			Clause:   spec("Asynchronous Operations", "The parameter is missing or set to false."),
			Scenario: "synchronous", Steps: steps("provision with accepts_incomplete=false"),
			Expect: expect(statusOrCode("AsyncRequired", 200, 201)),
		},
		{
			ID: "provision-after-async-required", Title: "A provision refused with AsyncRequired can be repeated with accepts_incomplete=true.", Level: Must,
			Clause:   spec("Service Broker Errors", "A 4xx leaves the resources of the broker semantically unchanged."),
			Scenario: "synchronous", Steps: steps("provision after the refusal"), Expect: expect(status(201, 202)),
		},
		{
			ID: "provision-encoded-id", Title: "An instance id may have percent-encoded characters.", Level: Should,
			Clause:   spec("URL Properties", "An id may have any characters; reserved ones are percent-encoded."),
			Scenario: "encoded", Steps: steps("provision"), Expect: expect(status(200, 201, 202)),
		},
		{
			ID: "provision-encoded-id-distinct", Title: "Ids that differ in one character are different.", Level: Must,
			Clause:   spec("URL Properties", "The id is the whole path segment, in which + is a plus sign."),
			Scenario: "encoded", If: reportsMissing(nothingDeprovisioned), Expect: expect(missing()),
			Steps: steps("deprovision another", "deprovision with + for a space", "deprovision in upper case"),
		},
		{
			ID: "fetch-encoded-otherwise", Title: "An id with percent-encoded unreserved characters is the same id.", Level: Should,
			Clause:   rfc("3986", "6.2.2.2", "URLs are equivalent if they differ only in the encoding of unreserved characters."),
			Scenario: "encoded", Steps: steps("fetch with every character encoded"), Expect: expect(status(200)),
		},
		{
			ID: "provision-maintenance-fields-ignored", Level: Must,
			Title:    "Members of maintenance_info other than version are ignored.",
			Clause:   spec(section, "The broker ignores all fields of maintenance_info except version."),
			Scenario: "instance", Steps: steps("provision with a described maintenance version"), Expect: expect(status(200, 201, 202)),
		},
		{
			ID: "provision-async-required-no-effect", Title: "A provision refused with AsyncRequired creates nothing.", Level: Must,
			Clause:   spec("Service Broker Errors", "A 4xx leaves the resources of the broker semantically unchanged."),
			Scenario: "synchronous", If: answered("provision without accepts_incomplete", 422),
			Steps:  steps("provision with accepts_incomplete=false", "deprovision after the refused provision"),
			Expect: expect(createsNothing()),
		},
		{
			ID: "provision-empty-id", Title: "A provision without an id is refused.", Level: Must,
			Clause:   spec(section, "The instance id is a non-empty string."),
			Scenario: "unknown", Steps: steps("provision without an id"), Expect: expect(refusal()),
		},
	}
}

// createsNothing expects that neither the next provision nor a deprovision
// finds the instance of a refused provision. The deprovision counts only if the
// broker reports a missing instance.
func createsNothing() Expectation {
	return Expectation{
		Words: "another provision is not answered with 200, and a deprovision is answered with 410 or 404, like one of a nonexistent instance",
		each: func(j *judgement) string {
			a := j.answer
			found := a.endpoint == Provision && a.status == http.StatusOK
			if a.endpoint == Deprovision && reportsMissing(nothingDeprovisioned).holds(j) {
				found = !a.is(http.StatusGone, http.StatusNotFound)
			}
			if found {
				return a.describe()
			}
			return ""
		},
	}
}

func malformedProvisionChecks() []Check {
	const section = "Provisioning"
	const mandatory = "The answer is 400 if the request is malformed or mandatory data is missing."
	const invalid = "An instance is an instantiation of a service offering and a plan of the catalog."
	check := func(id, title, says string, expectation Expectation, names ...string) Check {
		return Check{
			ID: "provision-" + id, Title: title, Level: Must, Clause: spec(section, says),
			Scenario: "malformed", Steps: names, Expect: expect(expectation),
		}
	}
	checks := []Check{
		check("broken-json", "Broken JSON is refused with 400.", mandatory, status(400), "broken JSON"),
		check("no-body", "A provision without a body is refused with 400.", mandatory, status(400), "no body"),
		check("not-an-object", "A body that is not an object is refused with 400.", mandatory, status(400),
			"an array", "an array around the body", "a body of null"),
		check("trailing-data", "A body with data after the object is refused with 400.", mandatory, status(400),
			"data after the body"),
		check("no-service-id", "A provision without service_id is refused with 400.", mandatory, status(400),
			"no service_id"),
		check("no-plan-id", "A provision without plan_id is refused with 400.", mandatory, status(400),
			"no plan_id"),
		check("ids-not-strings", "A service_id or plan_id that is not a string is refused with 400.", mandatory, status(400),
			"service_id as a number", "plan_id as an object"),
		check("unknown-service", "A provision of an unknown service is refused.", invalid, refusal(),
			"an unknown service", "an empty service_id"),
		check("unknown-plan", "A provision of an unknown plan is refused.", invalid, refusal(),
			"an unknown plan", "an empty plan_id"),
		check("plan-of-another-service", "A provision with a plan of another service is refused.",
			"plan_id is the id of a plan of the requested service.", refusal(), "a plan of another service"),
		check("parameters-not-an-object", "Parameters that are not an object are refused with 400.", mandatory, status(400),
			"parameters as a string", "parameters as an array"),
		check("context-not-an-object", "A context that is not an object is refused with 400.", mandatory, status(400),
			"context as a string"),
		check("maintenance-info-not-an-object", "maintenance_info that is not an object is refused with 400.",
			"The answer is 400 if the request is malformed, and 422 MaintenanceInfoConflict if the version differs from the catalog.",
			statusOrCode("MaintenanceInfoConflict", 400), "maintenance_info as a string"),
	}
	may := check("no-organization", "A provision without an organization or space is refused with 400.",
		"organization_guid and space_guid are required but deprecated: several platforms do not send them.",
		status(400), "no organization_guid", "an empty organization_guid", "no space_guid")
	may.Level = May
	return append(
		checks, may,
		Check{
			ID: "provision-other-content-type", Title: "Another content type is ignored, or refused with 400.",
			Level: Should, Clause: spec("Content Type", "A broker that rejects a mismatched Content-Type answers with 400."),
			Scenario: "malformed", Steps: steps("another content type"), Expect: expect(status(200, 201, 202, 400)),
		},
		Check{
			ID: "provision-content-type-charset", Title: "A content type with a charset is accepted.", Level: Should,
			Clause:   spec("Content Type", "The Content-Type is application/json. A media type may have parameters."),
			Scenario: "malformed", Steps: steps("a content type with charset"), Expect: expect(status(200, 201, 202)),
		},
		Check{
			ID: "provision-no-content-type", Title: "A body without a content type is processed.", Level: May,
			Clause:   spec("Content Type", "A broker may process a body without a Content-Type."),
			Scenario: "malformed", Steps: steps("no content type"), Expect: expect(status(200, 201, 202)),
		},
	)
}

func fetchChecks() []Check {
	const section = "Fetching a Service Instance"
	return []Check{
		{
			ID: "fetch-after-provision", Title: "A provisioned instance can be fetched immediately.", Level: Must,
			Clause:   spec(section, "With instances_retrievable, the endpoint is available immediately after the operation has succeeded."),
			Scenario: "instance", Steps: steps("fetch"), Expect: expect(status(200), jsonObject()),
		},
		{
			ID: "fetch-without-query", Title: "An instance can be fetched without query parameters.", Level: Must,
			Clause:   spec(section, "service_id and plan_id are optional hints."),
			Scenario: "instance", Steps: steps("fetch without query"), Expect: expect(status(200)),
		},
		{
			ID: "fetch-service-and-plan", Title: "A fetched instance has the ids of its service and plan.", Level: Must,
			Clause:   spec(section, "service_id and plan_id are the ids of the instance's service and plan."),
			Scenario: "instance", Steps: steps("fetch"), If: withStatus(200),
			Expect: expect(
				equals("service_id", "the id of the service", (*subject).serviceID), equals("plan_id", "the id of the plan", (*subject).planID),
			),
		},
		{
			ID: "fetch-body", Title: "The members of a fetched instance have the specified types.", Level: Must,
			Clause:   spec(section, "dashboard_url is a string; parameters, maintenance_info and metadata are objects."),
			Scenario: "instance", Steps: steps("fetch"), If: withStatus(200),
			Expect: expect(
				maybe("dashboard_url", aString.or(null)), maybe("parameters", anObject.or(null)),
				maybe("maintenance_info", kind{"an object with a version", func(v any) bool {
					version, _ := lookup(v, "version")
					return v == nil || text.is(version)
				}}),
				maybe("metadata", anObject.or(null)), maybe("metadata.labels", anObject), maybe("metadata.attributes", anObject),
			),
		},
		{
			ID: "fetch-dashboard-url", Title: "A fetched instance has the dashboard_url of the response to its provision.", Level: Must,
			Clause:   spec(section, "The initial response has the dashboard_url, even if it is asynchronous."),
			Scenario: "instance", Steps: steps("fetch"), If: both(withStatus(200), with("dashboard_url")),
			Expect: expect(sameAs("provision", "dashboard_url")),
		},
		{
			ID: "fetch-parameters", Title: "The parameters of a fetched instance are the ones that were sent.", Level: Should,
			Clause:   spec(section, "parameters are the parameters of the instance. The broker may leave out some or all."),
			Scenario: "instance", Steps: steps("fetch"), If: both(withStatus(200), withValue("parameters")),
			Expect: expect(sentWith("provision", createSchema)),
		},
		{
			ID: "fetch-large-numbers", Title: "A number above 2^53 in the parameters is returned unchanged.", Level: May,
			Clause:   rfc("8259", "6", "Implementations may limit the precision of numbers."),
			Scenario: "numbers", Steps: steps("fetch"), If: both(withStatus(200), withValue("parameters.conformance")),
			Expect: expect(each("parameters.conformance is "+largeNumber, func(a *answer) string {
				if value, _ := lookup(a.json.value, "parameters.conformance"); canonical(value) != largeNumber {
					return "parameters.conformance is " + show(value)
				}
				return ""
			})),
		},
		{
			ID: "fetch-while-creating-404", Title: "A fetch during the provision is answered with 404.", Level: Must,
			Clause:   spec(section, "The answer is 404 while the provision is in progress."),
			Scenario: "instance", Steps: steps("fetch while creating"), If: inProgress("poll while creating"),
			Expect: expect(status(404)),
		},
		{
			ID: "fetch-while-updating-422", Title: "A fetch during an update is answered with 200, or refused with 422 ConcurrencyError.", Level: Must,
			Clause:   spec(section, "The answer is 422 ConcurrencyError if the instance cannot be fetched because it is being updated."),
			Scenario: "instance", Steps: steps("fetch while updating parameters"), If: inProgress("poll while updating parameters"),
			Expect: expect(statusOrCode("ConcurrencyError", 200)),
		},
		{
			ID: "fetch-while-updating-the-plan-422", Level: Must,
			Title:    "A fetch during a plan update is answered with 200, or refused with 422 ConcurrencyError.",
			Clause:   spec(section, "The answer is 422 ConcurrencyError if the instance cannot be fetched because it is being updated."),
			Scenario: "instance", Steps: steps("fetch while updating the plan"), If: inProgress("poll while updating the plan"),
			Expect: expect(statusOrCode("ConcurrencyError", 200)),
		},
		{
			ID: "fetch-unknown-404", Title: "A fetch of an unknown instance is answered with 404.", Level: Must,
			Clause:   spec(section, "The answer is 404 if the instance does not exist."),
			Scenario: "unknown", Steps: steps("fetch unknown instance"), Expect: expect(status(404)),
		},
		{
			ID: "fetch-after-deprovision-404", Title: "A fetch of a deprovisioned instance is answered with 404.", Level: Must,
			Clause:   spec(section, "The answer is 404 if the instance does not exist."),
			Scenario: "instance", Steps: steps("fetch after deleting"), Expect: expect(status(404)),
		},
	}
}
