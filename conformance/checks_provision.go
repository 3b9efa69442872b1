package conformance

import "net/http"

func provisionChecks() []Check {
	const section = "Provisioning"
	const again = "202 with the same operation while the provision is in progress, not 200."
	return []Check{
		{
			ID: "provision-succeeds", Title: "A provision is answered with 201, or 202 if it goes on.", Level: Must,
			Clause:   spec(section, "201 if the instance was provisioned by this request, 202 if it is in progress."),
			Scenario: "instance", Steps: steps("provision"), Expect: expect(status(201, 202)),
		},
		{
			ID: "provision-body", Level: Must,
			Title:    "The answer to a provision has the members that the specification defines.",
			Clause:   spec(section, "dashboard_url is a string or null, metadata an object."),
			Scenario: "instance", Steps: steps("provision"), If: success(),
			Expect: expect(
				jsonObject(), maybe("dashboard_url", aString.or(null)), maybe("metadata", anObject.or(null)),
				maybe("metadata.labels", anObject), maybe("metadata.attributes", anObject),
			),
		},
		{
			ID: "provision-repeated-200", Title: "A repeated provision is answered with 200.", Level: Should,
			Clause:   spec(section, "200 if the instance exists, is fully provisioned, and the parameters are identical."),
			Scenario: "instance", Steps: steps("provision again"), Expect: expect(status(200)),
		},
		{
			ID: "provision-repeated-not-created", Title: "A repeated provision creates nothing.", Level: Should,
			Clause:   spec(section, "200 for an instance that exists; 201 is for one that was provisioned by this request."),
			Scenario: "instance", Steps: steps("provision again"),
			Expect: expect(each("no status 201 or 202", func(a *answer) string {
				if a.is(201, 202) {
					return a.describe()
				}
				return ""
			})),
		},
		{
			ID: "provision-repeated-dashboard-url", Title: "A repeated provision tells the same dashboard.", Level: May,
			Clause:   spec(section, "The body of the 200 is that of the success."),
			Scenario: "instance", Steps: steps("provision again"), If: both(returned("provision", "dashboard_url"), withStatus(200)),
			Expect: expect(sameAs("provision", "dashboard_url")),
		},
		{
			ID: "provision-repeated-while-creating", Level: Must,
			Title:    "A provision that is repeated while it is in progress is answered with 202.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("provision again while creating"), If: inProgress("poll while creating"),
			Expect: expect(status(202)),
		},
		{
			ID: "provision-repeated-same-operation", Level: Must,
			Title:    "A provision that is repeated while it is in progress tells the same operation.",
			Clause:   spec(section, again),
			Scenario: "instance", Steps: steps("provision again while creating"),
			If:     both(inProgress("poll while creating"), withStatus(202)),
			Expect: expect(sameOperation("provision")),
		},
		{
			ID: "provision-other-plan-409", Title: "A provision of the same instance with another plan is a conflict.", Level: Must,
			Clause:   spec(section, "409 if an instance with the same id exists with different attributes."),
			Scenario: "instance", Steps: steps("provision another plan"), Expect: expect(status(409)),
		},
		{
			ID: "provision-other-plan-while-creating-409", Level: Must,
			Title:    "A provision with another plan is a conflict while the first one is in progress.",
			Clause:   spec(section, "409 if an instance with the same id is being provisioned with different attributes."),
			Scenario: "instance", Steps: steps("provision another plan while creating"), If: inProgress("poll while creating"),
			Expect: expect(status(409)),
		},
		{
			ID: "provision-other-parameters-409", Level: Must,
			Title:    "A provision of the same instance with other parameters is a conflict.",
			Clause:   spec(section, "409 if an instance with the same id exists with different attributes."),
			Scenario: "instance", Steps: steps("provision other parameters"), Expect: expect(conflict(CreateSchema)),
		},
		{
			ID: "provision-other-parameters-while-creating-409", Level: Must,
			Title:    "A provision with other parameters is a conflict while the first one is in progress.",
			Clause:   spec(section, "409 if an instance with the same id is being provisioned with different attributes."),
			Scenario: "instance", Steps: steps("provision other parameters while creating"), If: inProgress("poll while creating"),
			Expect: expect(conflict(CreateSchema)),
		},
		{
			ID: "dashboard-url-per-instance", Title: "Two instances have different dashboards.", Level: Must,
			Clause:   spec(section, "dashboard_url contains enough information for the dashboard to identify the resource."),
			Scenario: "instance", Steps: steps("provision another instance"), If: both(returned("provision", "dashboard_url"), withValue("dashboard_url")),
			Expect: expect(differsFrom("provision", "dashboard_url")),
		},
		{
			ID: "provision-other-space-409", Title: "A provision of the same instance in another space is a conflict.", Level: May,
			Clause:   spec(section, "409 if an instance with the same id exists with different attributes."),
			Scenario: "instance", Steps: steps("provision in another space"), Expect: expect(status(409)),
		},
		{
			ID: "provision-maintenance-conflict", Level: Must,
			Title:    "A provision with another maintenance version is refused with 422 MaintenanceInfoConflict.",
			Clause:   spec(section, "422 MaintenanceInfoConflict if the version is not that of the catalog."),
			Scenario: "instance", Steps: steps("provision with another maintenance version"),
			Expect: expect(status(422), errorCode("MaintenanceInfoConflict")),
		},
		{
			ID: "provision-parameters-validated", Title: "A provision against the plan's schema is refused.", Level: Should,
			Clause:   spec(section, "Brokers ensure that the parameters are valid for the operation."),
			Scenario: "instance", Steps: steps("provision against the schema"), Expect: expect(refusal()),
		},
		{
			ID: "provision-async-required", Level: Must,
			Title:    "A provision that can only be asynchronous is refused with 422 AsyncRequired without accepts_incomplete.",
			Clause:   spec("Asynchronous Operations", "What cannot be fulfilled synchronously is rejected with 422 AsyncRequired."),
			Scenario: "synchronous", Steps: steps("provision without accepts_incomplete"),
			Expect: expect(statusOrCode("AsyncRequired", 201)),
		},
		{
			ID: "provision-async-required-false", Level: Must,
			Title:    "accepts_incomplete=false is the same as none.",
			Clause:   spec("Asynchronous Operations", "The parameter is not included or is set to false."),
			Scenario: "synchronous", Steps: steps("provision with accepts_incomplete=false"),
			Expect: expect(statusOrCode("AsyncRequired", 200, 201)),
		},
		{
			ID: "provision-after-async-required", Title: "A provision can be repeated after AsyncRequired.", Level: Must,
			Clause:   spec("Service Broker Errors", "After a 4xx the resources of the broker are semantically unchanged."),
			Scenario: "synchronous", Steps: steps("provision after the refusal"), Expect: expect(status(201, 202)),
		},
		{
			ID: "provision-encoded-id", Title: "An instance id may have characters that are percent-encoded.", Level: Should,
			Clause:   spec("URL Properties", "The characters are not restricted; those that are reserved are percent-encoded."),
			Scenario: "encoded", Steps: steps("provision"), Expect: expect(status(200, 201, 202)),
		},
		{
			ID: "provision-encoded-id-distinct", Title: "Ids that differ in any character are different.", Level: Must,
			Clause:   spec("URL Properties", "The id is all that stands in its place of the path; + is a plus there."),
			Scenario: "encoded", If: reportsMissing(nothingDeprovisioned), Expect: expect(missing()),
			Steps: steps("deprovision another", "deprovision with + for a space", "deprovision in capitals"),
		},
		{
			ID: "fetch-encoded-otherwise", Title: "An id is the same with other characters percent-encoded.", Level: Should,
			Clause:   rfc("3986", "6.2.2.2", "URLs that differ only in the encoding of unreserved characters are equivalent."),
			Scenario: "encoded", Steps: steps("fetch encoded otherwise"), Expect: expect(status(200)),
		},
		{
			ID: "provision-maintenance-fields-ignored", Level: Must,
			Title:    "Of the maintenance information only the version counts.",
			Clause:   spec(section, "Any field except for maintenance_info.version is ignored."),
			Scenario: "instance", Steps: steps("provision with a described maintenance version"), Expect: expect(status(200, 201, 202)),
		},
		{
			ID: "provision-async-required-no-effect", Title: "What is refused with AsyncRequired is not created.", Level: Must,
			Clause:   spec("Service Broker Errors", "After a 4xx the resources of the broker are semantically unchanged."),
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

// createsNothing expects of a broker that refused a provision that the next one
// does not find the instance, nor a deprovision, if the broker tells at all
// what it does not have.
func createsNothing() Expectation {
	return Expectation{
		Words: "no status 200 to another provision, and 410 or 404 to a deprovision, as to one of what never was",
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
	const mandatory = "400 if the request is malformed or misses mandatory data."
	const invalid = "An instance is an instantiation of an offering and a plan: of what the catalog does not have, none can be created."
	check := func(id, title, says string, expectation Expectation, names ...string) Check {
		return Check{
			ID: "provision-" + id, Title: title, Level: Must, Clause: spec(section, says),
			Scenario: "malformed", Steps: names, Expect: expect(expectation),
		}
	}
	checks := []Check{
		check("broken-json", "Broken JSON is refused with 400.", mandatory, status(400), "broken JSON"),
		check("no-body", "A provision without body is refused with 400.", mandatory, status(400), "no body"),
		check("not-an-object", "A body that is no object is refused with 400.", mandatory, status(400),
			"an array", "an array around the body", "a body of null"),
		check("trailing-data", "A body with something after the object is refused with 400.", mandatory, status(400),
			"something after the body"),
		check("no-service-id", "A provision without service_id is refused with 400.", mandatory, status(400),
			"no service_id"),
		check("no-plan-id", "A provision without plan_id is refused with 400.", mandatory, status(400),
			"no plan_id"),
		check("ids-not-strings", "A service_id or plan_id that is no string is refused with 400.", mandatory, status(400),
			"service_id as a number", "plan_id as an object"),
		check("unknown-service", "A provision of an unknown service is refused.", invalid, refusal(),
			"an unknown service", "an empty service_id"),
		check("unknown-plan", "A provision of an unknown plan is refused.", invalid, refusal(),
			"an unknown plan", "an empty plan_id"),
		check("plan-of-another-service", "A provision of a plan of another service is refused.",
			"plan_id is the id of a plan of the service that is requested.", refusal(), "a plan of another service"),
		check("parameters-not-an-object", "Parameters that are no object are refused with 400.", mandatory, status(400),
			"parameters as a string", "parameters as an array"),
		check("context-not-an-object", "A context that is no object is refused with 400.", mandatory, status(400),
			"context as a string"),
		check("maintenance-info-not-an-object", "Maintenance information that is no object is refused with 400.",
			"400 if the request is malformed; 422 MaintenanceInfoConflict if the version is not that of the catalog.",
			statusOrCode("MaintenanceInfoConflict", 400), "maintenance_info as a string"),
	}
	may := check("no-organization", "A provision without organization and space is refused with 400.",
		"organization_guid and space_guid are required, though deprecated: several platforms do not send them.",
		status(400), "no organization_guid", "an empty organization_guid", "no space_guid")
	may.Level = May
	return append(
		checks, may,
		Check{
			ID: "provision-other-content-type", Title: "Another content type is refused with 400, or the body is read all the same.",
			Level: Should, Clause: spec("Content Type", "A mismatched Content-Type, if it is rejected, is answered with 400."),
			Scenario: "malformed", Steps: steps("another content type"), Expect: expect(status(200, 201, 202, 400)),
		},
		Check{
			ID: "provision-content-type-charset", Title: "A content type with a charset is JSON too.", Level: Should,
			Clause:   spec("Content Type", "The Content-Type is application/json; media types may have parameters."),
			Scenario: "malformed", Steps: steps("a content type with charset"), Expect: expect(status(200, 201, 202)),
		},
		Check{
			ID: "provision-no-content-type", Title: "A body without content type is read.", Level: May,
			Clause:   spec("Content Type", "If the Content-Type is not set, brokers may still process the body."),
			Scenario: "malformed", Steps: steps("no content type"), Expect: expect(status(200, 201, 202)),
		},
	)
}

func fetchChecks() []Check {
	const section = "Fetching a Service Instance"
	return []Check{
		{
			ID: "fetch-after-provision", Title: "An instance can be fetched as soon as it is provisioned.", Level: Must,
			Clause:   spec(section, "With instances_retrievable the endpoint is available immediately after the success."),
			Scenario: "instance", Steps: steps("fetch"), Expect: expect(status(200), jsonObject()),
		},
		{
			ID: "fetch-without-query", Title: "An instance can be fetched without query parameters.", Level: Must,
			Clause:   spec(section, "service_id and plan_id are hints that may be absent."),
			Scenario: "instance", Steps: steps("fetch without query"), Expect: expect(status(200)),
		},
		{
			ID: "fetch-service-and-plan", Title: "A fetched instance has its service and plan.", Level: Must,
			Clause:   spec(section, "service_id and plan_id are those of the instance."),
			Scenario: "instance", Steps: steps("fetch"), If: withStatus(200),
			Expect: expect(
				equals("service_id", "the service's", (*subject).serviceID), equals("plan_id", "the plan's", (*subject).planID),
			),
		},
		{
			ID: "fetch-body", Title: "A fetched instance has the members that the specification defines.", Level: Must,
			Clause:   spec(section, "dashboard_url is a string, parameters, maintenance_info and metadata are objects."),
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
			ID: "fetch-dashboard-url", Title: "The dashboard of an instance was told when it was provisioned.", Level: Must,
			Clause:   spec(section, "A dashboard_url is returned with the initial response, also if that is asynchronous."),
			Scenario: "instance", Steps: steps("fetch"), If: both(withStatus(200), with("dashboard_url")),
			Expect: expect(sameAs("provision", "dashboard_url")),
		},
		{
			ID: "fetch-parameters", Title: "The parameters of a fetched instance are those that were sent.", Level: Should,
			Clause:   spec(section, "parameters are the instance's; some or all may be left out."),
			Scenario: "instance", Steps: steps("fetch"), If: both(withStatus(200), withValue("parameters")),
			Expect: expect(sentWith("provision", createSchema)),
		},
		{
			ID: "fetch-large-numbers", Title: "A number beyond 2^53 in the parameters stays what it is.", Level: May,
			Clause:   rfc("8259", "6", "Implementations may limit the precision of numbers."),
			Scenario: "numbers", Steps: steps("fetch"), If: both(withStatus(200), withValue("parameters.conformance")),
			Expect: expect(each("the number "+largeNumber, func(a *answer) string {
				if value, _ := lookup(a.json.value, "parameters.conformance"); canonical(value) != largeNumber {
					return "the number " + show(value)
				}
				return ""
			})),
		},
		{
			ID: "fetch-while-creating-404", Title: "An instance that is being provisioned cannot be fetched.", Level: Must,
			Clause:   spec(section, "404 if a provisioning operation is still in progress."),
			Scenario: "instance", Steps: steps("fetch while creating"), If: inProgress("poll while creating"),
			Expect: expect(status(404)),
		},
		{
			ID: "fetch-while-updating-422", Title: "An instance that cannot be fetched while it is updated says so.", Level: Must,
			Clause:   spec(section, "422 ConcurrencyError if it is being updated and therefore cannot be fetched."),
			Scenario: "instance", Steps: steps("fetch while updating parameters"), If: inProgress("poll while updating parameters"),
			Expect: expect(statusOrCode("ConcurrencyError", 200)),
		},
		{
			ID: "fetch-while-updating-the-plan-422", Level: Must,
			Title:    "An instance that cannot be fetched while its plan changes says so.",
			Clause:   spec(section, "422 ConcurrencyError if it is being updated and therefore cannot be fetched."),
			Scenario: "instance", Steps: steps("fetch while updating the plan"), If: inProgress("poll while updating the plan"),
			Expect: expect(statusOrCode("ConcurrencyError", 200)),
		},
		{
			ID: "fetch-unknown-404", Title: "An unknown instance cannot be fetched.", Level: Must,
			Clause:   spec(section, "404 if the instance does not exist."),
			Scenario: "unknown", Steps: steps("fetch unknown instance"), Expect: expect(status(404)),
		},
		{
			ID: "fetch-after-deprovision-404", Title: "An instance that was deprovisioned cannot be fetched.", Level: Must,
			Clause:   spec(section, "404 if the instance does not exist."),
			Scenario: "instance", Steps: steps("fetch after deleting"), Expect: expect(status(404)),
		},
	}
}
