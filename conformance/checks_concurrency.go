package conformance

import "fmt"

func concurrencyChecks() []Check {
	const section = "Blocking Operations"
	const says = "Concurrent requests are processed, or rejected with 422 ConcurrencyError."
	check := func(id, title, step string, statuses ...int) Check {
		return Check{
			ID: "concurrent-" + id, Title: title, Level: Must, Clause: spec(section, says),
			Scenario: "concurrent", Steps: steps(step), Expect: expect(statusOrCode("ConcurrencyError", statuses...)),
		}
	}
	once := func(id, title, step, section, says string, level Level, statuses ...int) Check {
		return Check{
			ID: "concurrent-" + id, Title: title, Level: level, Clause: spec(section, says),
			Scenario: "concurrent", Steps: steps(step), Expect: expect(atMostOnce(statuses...)),
		}
	}
	return []Check{
		check("provisions", "Provisions of the same instance at the same moment are processed or refused in order.",
			"provision at once", 200, 201, 202),
		once("provisions-once", "Provisions at the same moment create one instance.", "provision at once", "Provisioning",
			"200 for an instance that exists; 201 is for one that was provisioned by this request.", Should, 201),
		check("binds", "Binds of the same id at the same moment are processed or refused in order.", "bind at once", 200, 201, 202),
		once("binds-once", "Binds at the same moment create one binding.", "bind at once", "Binding",
			"200 for a binding that exists; 201 is for one that was created by this request.", Should, 201),
		{
			ID: "concurrent-bindings", Title: "Two bindings of an instance at the same moment are created, or one is refused with 422 ConcurrencyError.",
			Level: Must, Clause: spec(section, "A bind may be a mutation of the instance; what is not processed because of that is 422 ConcurrencyError."),
			Scenario: "concurrent bindings", Steps: steps("bind two at once"), Expect: expect(statusOrCode("ConcurrencyError", 201, 202)),
		},
		check("unbinds", "Unbinds at the same moment are processed or refused in order.", "unbind at once", 200, 202, 410),
		once("unbinds-once", "Unbinds at the same moment delete one binding.", "unbind at once", "Unbinding",
			"200 is for the binding that was deleted by this request; 410 if it does not exist.", Must, 200),
		check("deprovisions", "Deprovisions at the same moment are processed or refused in order.", "deprovision at once",
			200, 202, 410),
		once("deprovisions-once", "Deprovisions at the same moment delete one instance.", "deprovision at once", "Deprovisioning",
			"200 is for the instance that was deleted by this request; 410 if it does not exist.", Must, 200),
		{
			ID: "concurrent-leaves-nothing", Title: "After requests at the same moment nothing is left.", Level: Must,
			Clause:   spec("Deprovisioning", "410 if the instance does not exist."),
			Scenario: "concurrent", Steps: steps("deprovision again"), If: reportsMissing(nothingDeprovisioned),
			Expect: expect(missing()),
		},
	}
}

// atMostOnce expects that at most one of the answers has one of the statuses.
func atMostOnce(statuses ...int) Expectation {
	return together("status "+list(statuses)+" at most once", func(answers []*answer) string {
		count := 0
		for _, a := range answers {
			if a.is(statuses...) {
				count++
			}
		}
		if count > 1 {
			return fmt.Sprintf("%d of %d answers have status %s", count, len(answers), list(statuses))
		}
		return ""
	})
}

func extensionChecks() []Check {
	const section = "Vendor Extension Fields"
	const says = "Unknown fields are ignored and do not halt the processing of a message."
	check := func(id, title, says, step string, level Level, statuses ...int) Check {
		return Check{
			ID: "extension-" + id, Title: title, Level: level, Clause: spec(section, says),
			Scenario: "extensions", Steps: steps(step), Expect: expect(status(statuses...)),
		}
	}
	const query = "What a server does not understand, it ignores."
	return []Check{
		check("provision", "Unknown fields of a provision are ignored.", says, "provision with unknown fields", Must, 200, 201, 202),
		check("unknown-platform", "The context of an unknown platform is accepted.", "context is opaque; what is unknown is ignored.",
			"provision for an unknown platform", Must, 200, 201, 202),
		check("update", "Unknown fields of an update are ignored.", says, "update with unknown fields", Must, 200, 202),
		check("bind", "Unknown fields of a bind are ignored.", says, "bind with unknown fields", Must, 200, 201, 202),
		{
			ID: "extension-poll-query", Title: "Unknown query parameters of a poll are ignored.", Level: Should,
			Clause: spec(section, query), Scenario: "instance", Steps: steps("poll with an unknown query"), Expect: expect(status(200)),
		},
		check("unbind-query", "Unknown query parameters of an unbind are ignored.", query, "unbind with an unknown query", Should, 200, 202),
		check("deprovision-query", "Unknown query parameters of a deprovision are ignored.", query,
			"deprovision with an unknown query", Should, 200, 202),
	}
}
