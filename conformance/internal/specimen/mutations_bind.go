package specimen

func bindClauses() []clause {
	return []clause{
		{"Binding", "201 if the binding was created", "bind-succeeds", []fault{
			{"bind.200-created", "200"},
			{"bind.200-in-progress", "200"},
			{"bind.only-old-app-guid", "reads only the deprecated field"},
		}},
		{"Binding", "the information about a binding is returned at least once", "bind-returns-information", []fault{
			{"binding.empty", "returns an empty object"},
		}},
		{"Binding", "a 202 has no credentials", "bind-accepted-without-credentials", []fault{
			{"bind.credentials-in-202", "returns credentials"},
		}},
		{"Binding", "asynchronous bindings can be fetched", "bind-accepted-is-retrievable", []fault{
			{"catalog.bindings-retrievable-missing", "bindings_retrievable is missing"},
		}},
		{"Binding", "200 if the binding exists with the same parameters", "bind-repeated-200", []fault{
			{"bind.repeat-409", "409"},
			{"bind.conflict-but-applied", "applies the different parameters"},
		}},
		{"Binding", "200 if the binding exists with the same parameters", "bind-repeated-not-created", []fault{
			{"bind.repeat-201", "201"},
		}},
		{"Binding", "a repeated request is answered with 202 while the operation is in progress", "bind-repeated-while-creating", []fault{
			{"bind.repeat-200-in-progress", "200"},
			{"bind.repeat-409-in-progress", "409"},
			{"bind.repeat-other-operation", "returns another operation"},
		}},
		{"Binding", "409 if the binding exists with different parameters", "bind-other-parameters-409", []fault{
			{"bind.conflict-missed", "200"},
			{"bind.conflict-missed-for-parameters", "200 for other parameters"},
			{"bind.conflict-422", "422"},
		}},
		{"Binding", "409 also while the first request is in progress", "bind-other-parameters-while-creating-409", []fault{
			{"bind.conflict-missed-in-progress", "202"},
		}},
		{"Binding", "the response to a repeated request has the credentials", "bind-repeated-same-credentials", []fault{
			{"bind.repeat-other-credentials", "returns other credentials"},
		}},
		{"Binding", "the response to a repeated request has the credentials", "bind-repeated-credentials", []fault{
			{"bind.repeat-without-credentials", "returns no credentials"},
		}},
		{"Binding", "202 while the operation is in progress", "bind-credentials", []fault{
			{"bind.201-in-progress", "201"},
			{"bind.no-credentials", "returns no credentials"},
			{"bind.credentials-text", "returns a string"},
			{"bind.credentials-null", "returns null"},
			{"bind.credentials-array", "returns an array"},
			{"fetch-binding.no-credentials", "a fetch returns no credentials"},
			{"fetch-binding.credentials-null", "a fetch returns null"},
		}},
		{"Binding", "the response has endpoints in addition to the credentials", "bind-endpoints", []fault{
			{"binding.no-endpoints", "returns no endpoints"},
		}},
		{"Service Broker Errors", "a refused request leaves no trace", "error-refused-bind-leaves-no-trace", []fault{
			{"bind.refused-but-reserved", "the id is in use after parameters that are not an object"},
		}},
		{"Asynchronous Operations", "accepts_incomplete=false does not accept an asynchronous operation", "bind-async-required-false", []fault{
			{"async.false-accepted-on-bind", "treats any value as true in a bind"},
		}},
		{"Credentials", "credentials are unique to a binding", "bind-credentials-unique", []fault{
			{"bind.same-credentials", "returns the same credentials for all bindings"},
		}},
		{"Binding", "409 if the binding exists with different parameters", "bind-other-app-409", []fault{
			{"bind.conflict-missed-for-app", "200 for another application"},
		}},
		{"Binding", "the instance is ready", "bind-while-creating", []fault{
			{"bind.creating-accepted", "201 during the provision"},
		}},
		{"Binding", "the plan is bindable", "bind-not-bindable", []fault{
			{"bind.not-bindable-accepted", "binds the instance"},
		}},
		{"Binding", "422 RequiresApp if the broker requires an application", "bind-requires-app", []fault{
			{"bind.requires-app-400", "400"},
			{"bind.requires-app-code", "another error code"},
			{"bind.requires-app-no-code", "no error code"},
		}},
		{"Binding", "422 AsyncRequired if the client does not accept 202", "bind-async-required", []fault{
			{"bind.async-required-400", "400"},
			{"bind.async-required-code", "another error code"},
		}},
		{"Binding", "a refused request has no effect", "bind-after-async-required", []fault{
			{"bind.async-required-but-created", "answers with AsyncRequired and creates the binding"},
		}},
		{"Binding", "parameters are validated", "bind-parameters-validated", []fault{
			{"bind.parameters-unchecked", "accepts parameters that violate the schema"},
		}},
		{"Binding", "the instance exists", "bind-unknown-instance", []fault{
			{"bind.unknown-instance-accepted", "201 for an unknown instance"},
			{"bind.unknown-instance-500", "500 for an unknown instance"},
		}},
		{"URL Properties", "ids of bindings may have any characters", "bind-encoded-id", []fault{
			{"url.encoded-slash-in-binding", "treats %2F as a slash in a bind"},
		}},
		{"Binding", "400 for a malformed request", "bind-broken-json", []fault{
			{"body.malformed-500-on-bind", "500"},
		}},
		{"Binding", "service_id and plan_id are required", "bind-no-service-id", []fault{
			{"bind.service-id-missing-accepted", "accepts a request without service_id"},
		}},
		{"Binding", "service_id and plan_id are required", "bind-no-plan-id", []fault{
			{"bind.plan-id-missing-accepted", "accepts a request without plan_id"},
		}},
		{"Binding", "400 for a plan_id that is not a string", "bind-plan-id-not-a-string", []fault{
			{"bind.plan-id-type-accepted", "uses the plan_id of the instance"},
		}},
		{"Binding", "400 for parameters that are not an object", "bind-parameters-not-an-object", []fault{
			{"bind.parameters-type-accepted", "ignores the parameters"},
		}},
		{"Binding", "400 for a bind_resource that is not an object", "bind-resource-not-an-object", []fault{
			{"bind.resource-type-accepted", "ignores bind_resource"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-unknown-service", []fault{
			{"bind.other-service-accepted", "accepts another service"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-unknown-plan", []fault{
			{"bind.other-plan-accepted", "accepts another plan"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-plan-of-another-service", []fault{
			{"bind.plan-of-other-service-accepted", "accepts a plan of another service"},
		}},
		{"Binding Rotation", "a rotation requires only predecessor_binding_id", "rotate-succeeds", []fault{
			{"rotation.unsupported", "501, although binding_rotatable is declared"},
			{"rotation.needs-service-id", "400 without service_id"},
			{"rotation.ends-predecessor", "deletes the predecessor"},
		}},
		{"Binding Rotation", "an accepted rotation creates the successor", "rotate-operation-succeeds", []fault{
			{"rotation.fails", "the operation fails"},
		}},
		{"Binding Rotation", "the predecessor is a binding of the same instance", "rotate-foreign-predecessor", []fault{
			{"rotation.other-instance-accepted", "accepts a binding of another instance"},
		}},
		{"Binding Rotation", "a rotation may have service_id and plan_id", "rotate-with-service-and-plan", []fault{
			{"rotation.refuses-service-id", "400 with service_id"},
		}},
		{"Binding Rotation", "the predecessor is a binding of the same instance", "rotate-unknown-predecessor", []fault{
			{"rotation.unknown-predecessor-accepted", "accepts an unknown predecessor"},
			{"rotation.unknown-predecessor-500", "500 for an unknown predecessor"},
		}},
		{"Binding Rotation", "a repeated rotation is answered with 200", "rotate-repeated-200", []fault{
			{"rotation.repeat-409", "409"},
		}},
		{"Binding Rotation", "the successor exists", "rotate-successor-fetched", []fault{
			{"rotation.successor-not-created", "does not create the successor"},
		}},
		{"Binding Rotation", "the predecessor stays valid", "rotate-keeps-predecessor", []fault{
			{"rotation.hides-predecessor", "the predecessor cannot be fetched"},
		}},
		{"Binding Rotation", "the successor outlives the predecessor", "rotate-successor-outlives", []fault{
			{"rotation.successor-ends-with-predecessor", "unbinds the successor, too"},
		}},
		{"Binding Rotation", "the successor can be unbound", "rotate-successor-unbound", []fault{
			{"rotation.successor-not-unbound", "400"},
		}},
	}
}
