package conformance

import "fmt"

func concurrencyChecks() []Check {
	const section = "Blocking Operations"
	const says = "A concurrent request is processed, or rejected with 422 ConcurrencyError."
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
		check("provisions", "Concurrent provisions of an instance are processed, or refused with 422 ConcurrencyError.",
			"concurrent provisions", 200, 201, 202),
		once("provisions-once", "Concurrent provisions create one instance.", "concurrent provisions", "Provisioning",
			"The answer is 200 for an existing instance, and 201 for an instance that this request provisioned.", Should, 201),
		check("binds", "Concurrent binds with the same id are processed, or refused with 422 ConcurrencyError.", "concurrent binds", 200, 201, 202),
		once("binds-once", "Concurrent binds with the same id create one binding.", "concurrent binds", "Binding",
			"The answer is 200 for an existing binding, and 201 for a binding that this request created.", Should, 201),
		{
			ID: "concurrent-bindings", Title: "Concurrent binds with different ids are processed, or refused with 422 ConcurrencyError.",
			Level: Must, Clause: spec(section, "A bind may mutate the instance. The answer is 422 ConcurrencyError if the broker cannot process it for that reason."),
			Scenario: "concurrent bindings", Steps: steps("two concurrent binds"), Expect: expect(statusOrCode("ConcurrencyError", 201, 202)),
		},
		check("unbinds", "Concurrent unbinds are processed, or refused with 422 ConcurrencyError.", "concurrent unbinds", 200, 202, 410),
		once("unbinds-once", "Concurrent unbinds delete one binding.", "concurrent unbinds", "Unbinding",
			"The answer is 200 if this request deleted the binding, and 410 if the binding does not exist.", Must, 200),
		check("deprovisions", "Concurrent deprovisions are processed, or refused with 422 ConcurrencyError.", "concurrent deprovisions",
			200, 202, 410),
		once("deprovisions-once", "Concurrent deprovisions delete one instance.", "concurrent deprovisions", "Deprovisioning",
			"The answer is 200 if this request deleted the instance, and 410 if the instance does not exist.", Must, 200),
		{
			ID: "concurrent-leaves-nothing", Title: "Concurrent requests leave no instance behind.", Level: Must,
			Clause:   spec("Deprovisioning", "The answer is 410 if the instance does not exist."),
			Scenario: "concurrent", Steps: steps("deprovision again"), If: reportsMissing(nothingDeprovisioned),
			Expect: expect(missing()),
		},
	}
}

// atMostOnce expects that at most one of the responses has one of the statuses.
func atMostOnce(statuses ...int) Expectation {
	return together("status "+list(statuses)+" at most once", func(answers []*answer) string {
		count := 0
		for _, a := range answers {
			if a.is(statuses...) {
				count++
			}
		}
		if count > 1 {
			return fmt.Sprintf("%d of %d responses have status %s", count, len(answers), list(statuses))
		}
		return ""
	})
}

func extensionChecks() []Check {
	const section = "Vendor Extension Fields"
	const says = "A receiver ignores unknown fields and processes the message."
	check := func(id, title, says, step string, level Level, statuses ...int) Check {
		return Check{
			ID: "extension-" + id, Title: title, Level: level, Clause: spec(section, says),
			Scenario: "extensions", Steps: steps(step), Expect: expect(status(statuses...)),
		}
	}
	const query = "A server ignores what it does not understand."
	return []Check{
		check("provision", "Unknown fields of a provision are ignored.", says, "provision with unknown fields", Must, 200, 201, 202),
		check("unknown-platform", "The context of an unknown platform is processed.", "context is opaque. A broker ignores unknown members.",
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
