package specimen

func bindClauses() []clause {
	return []clause{
		{"Binding", "201 if the binding was created", "bind-succeeds", []fault{
			{"bind.200-created", "200"},
			{"bind.200-in-progress", "200"},
			{"bind.only-old-app-guid", "looks at the deprecated field only"},
		}},
		{"Binding", "what a binding is good for is told at least once", "bind-returns-information", []fault{
			{"binding.empty", "nothing is"},
		}},
		{"Binding", "no credentials with a 202", "bind-accepted-without-credentials", []fault{
			{"bind.credentials-in-202", "there are some"},
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
		{"Binding", "a repeated request is answered with 202 while it is in progress", "bind-repeated-while-creating", []fault{
			{"bind.repeat-200-in-progress", "200"},
			{"bind.repeat-409-in-progress", "409"},
			{"bind.repeat-other-operation", "it is another one"},
		}},
		{"Binding", "409 if the binding exists with different parameters", "bind-other-parameters-409", []fault{
			{"bind.conflict-missed", "200"},
			{"bind.conflict-missed-for-parameters", "200 for other parameters"},
			{"bind.conflict-422", "422"},
		}},
		{"Binding", "409 also while it is in progress", "bind-other-parameters-while-creating-409", []fault{
			{"bind.conflict-missed-in-progress", "202"},
		}},
		{"Binding", "the response to a repeated request has the credentials", "bind-repeated-same-credentials", []fault{
			{"bind.repeat-other-credentials", "there are others"},
		}},
		{"Binding", "the response to a repeated request has the credentials", "bind-repeated-credentials", []fault{
			{"bind.repeat-without-credentials", "there are none"},
		}},
		{"Binding", "202 while it is in progress", "bind-credentials", []fault{
			{"bind.201-in-progress", "201"},
			{"bind.no-credentials", "there are none"},
			{"bind.credentials-text", "a string"},
			{"bind.credentials-null", "null"},
			{"bind.credentials-array", "an array"},
			{"fetch-binding.no-credentials", "there are none"},
			{"fetch-binding.credentials-null", "null"},
		}},
		{"Binding", "endpoints are provided beside the credentials", "bind-endpoints", []fault{
			{"binding.no-endpoints", "there are none"},
		}},
		{"Service Broker Errors", "what is refused leaves no trace", "error-refused-bind-leaves-no-trace", []fault{
			{"bind.refused-but-reserved", "the id is in use after parameters that are no object"},
		}},
		{"Asynchronous Operations", "accepts_incomplete=false is a no", "bind-async-required-false", []fault{
			{"async.false-accepted-on-bind", "takes any value for a yes, for a bind"},
		}},
		{"Credentials", "credentials are unique to a binding", "bind-credentials-unique", []fault{
			{"bind.same-credentials", "they are the same for all"},
		}},
		{"Binding", "409 if the binding exists with different parameters", "bind-other-app-409", []fault{
			{"bind.conflict-missed-for-app", "200 for another application"},
		}},
		{"Binding", "the instance is ready", "bind-while-creating", []fault{
			{"bind.creating-accepted", "201 while it is being created"},
		}},
		{"Binding", "the plan is bindable", "bind-not-bindable", []fault{
			{"bind.not-bindable-accepted", "binds all the same"},
		}},
		{"Binding", "422 RequiresApp if an application is needed", "bind-requires-app", []fault{
			{"bind.requires-app-400", "400"},
			{"bind.requires-app-code", "another error code"},
			{"bind.requires-app-no-code", "no error code"},
		}},
		{"Binding", "422 AsyncRequired if the client does not accept 202", "bind-async-required", []fault{
			{"bind.async-required-400", "400"},
			{"bind.async-required-code", "another error code"},
		}},
		{"Binding", "what is refused has no effect", "bind-after-async-required", []fault{
			{"bind.async-required-but-created", "creates what it refuses with AsyncRequired"},
		}},
		{"Binding", "parameters are validated", "bind-parameters-validated", []fault{
			{"bind.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{"Binding", "the instance exists", "bind-unknown-instance", []fault{
			{"bind.unknown-instance-accepted", "201 for an unknown one"},
			{"bind.unknown-instance-500", "500 for an unknown one"},
		}},
		{"URL Properties", "ids of bindings may have any characters", "bind-encoded-id", []fault{
			{"url.encoded-slash-in-binding", "takes %2F for a slash in a bind"},
		}},
		{"Binding", "400 for a malformed request", "bind-broken-json", []fault{
			{"body.malformed-500-on-bind", "500"},
		}},
		{"Binding", "service_id and plan_id are required", "bind-no-service-id", []fault{
			{"bind.service-id-missing-accepted", "goes on without service_id"},
		}},
		{"Binding", "service_id and plan_id are required", "bind-no-plan-id", []fault{
			{"bind.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Binding", "400 for a plan_id that is no string", "bind-plan-id-not-a-string", []fault{
			{"bind.plan-id-type-accepted", "takes that of the instance"},
		}},
		{"Binding", "400 for parameters that are no object", "bind-parameters-not-an-object", []fault{
			{"bind.parameters-type-accepted", "ignores them"},
		}},
		{"Binding", "400 for a bind_resource that is no object", "bind-resource-not-an-object", []fault{
			{"bind.resource-type-accepted", "ignores it"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-unknown-service", []fault{
			{"bind.other-service-accepted", "accepts those of another service"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-unknown-plan", []fault{
			{"bind.other-plan-accepted", "accepts another plan"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-plan-of-another-service", []fault{
			{"bind.plan-of-other-service-accepted", "accepts a plan of another service"},
		}},
		{"Binding Rotation", "predecessor_binding_id is all that is needed", "rotate-succeeds", []fault{
			{"rotation.unsupported", "501, although binding_rotatable is declared"},
			{"rotation.needs-service-id", "400 without service_id"},
			{"rotation.ends-predecessor", "the predecessor is gone"},
		}},
		{"Binding Rotation", "a successor that was accepted is created", "rotate-operation-succeeds", []fault{
			{"rotation.fails", "the operation fails"},
		}},
		{"Binding Rotation", "the predecessor is a binding of the same instance", "rotate-foreign-predecessor", []fault{
			{"rotation.other-instance-accepted", "accepts one of another instance"},
		}},
		{"Binding Rotation", "a rotation may name service and plan", "rotate-with-service-and-plan", []fault{
			{"rotation.refuses-service-id", "400 with service_id"},
		}},
		{"Binding Rotation", "the predecessor is a binding of the same instance", "rotate-unknown-predecessor", []fault{
			{"rotation.unknown-predecessor-accepted", "accepts an unknown one"},
			{"rotation.unknown-predecessor-500", "500 for an unknown one"},
		}},
		{"Binding Rotation", "a repeated rotation is answered with 200", "rotate-repeated-200", []fault{
			{"rotation.repeat-409", "409"},
		}},
		{"Binding Rotation", "the successor exists", "rotate-successor-fetched", []fault{
			{"rotation.successor-not-created", "it does not"},
		}},
		{"Binding Rotation", "the predecessor stays valid", "rotate-keeps-predecessor", []fault{
			{"rotation.hides-predecessor", "it cannot be fetched any more"},
		}},
		{"Binding Rotation", "the successor outlives the predecessor", "rotate-successor-outlives", []fault{
			{"rotation.successor-ends-with-predecessor", "it is unbound too"},
		}},
		{"Binding Rotation", "the successor can be unbound", "rotate-successor-unbound", []fault{
			{"rotation.successor-not-unbound", "400"},
		}},
	}
}
