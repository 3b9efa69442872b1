package specimen

func bindClauses() []clause {
	return []clause{
		{"Binding", "asynchronous bindings can be fetched", "bind-accepted-is-retrievable", []fault{
			{"catalog.bindings-retrievable-missing", "bindings_retrievable is missing"},
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
		{"Binding", "400 for a plan_id that is no string", "bind-plan-id-not-a-string", []fault{
			{"bind.plan-id-type-accepted", "takes that of the instance"},
		}},
		{"Binding", "400 for parameters that are no object", "bind-parameters-not-an-object", []fault{
			{"bind.parameters-type-accepted", "ignores them"},
		}},
		{"Binding", "400 for a bind_resource that is no object", "bind-resource-not-an-object", []fault{
			{"bind.resource-type-accepted", "ignores it"},
		}},
		{"Binding Rotation", "a successor that was accepted is created", "rotate-operation-succeeds", []fault{
			{"rotation.fails", "the operation fails"},
		}},
		{"Binding Rotation", "a repeated rotation is answered with 200", "rotate-repeated-200", []fault{
			{"rotation.repeat-409", "409"},
		}},
		{"Binding Rotation", "the successor exists", "rotate-successor-fetched", []fault{
			{"rotation.successor-not-created", "it does not"},
		}},
		{"Binding Rotation", "the successor outlives the predecessor", "rotate-successor-outlives", []fault{
			{"rotation.successor-ends-with-predecessor", "it is unbound too"},
		}},
		{"Binding Rotation", "the successor can be unbound", "rotate-successor-unbound", []fault{
			{"rotation.successor-not-unbound", "400"},
		}},
		{"Binding", "201 if the binding was created", "bind-201", []fault{
			{"bind.200-created", "200"},
			{"bind.204-created", "204"},
		}},
		{"Binding", "the body is an object", "bind-body", []fault{
			{"bind.body-empty", "empty"},
			{"bind.body-array", "an array"},
		}},
		{"Binding", "what was created exists", "bind-exists", []fault{
			{"bind.not-created", "it does not"},
		}},
		{"Binding", "202 only if the client accepts it", "bind-202-unasked", []fault{
			{"bind.202-unasked", "works asynchronously all the same"},
			{"bind.202-for-sync", "202, although it is done"},
		}},
		{"Binding", "202 while it is in progress", "bind-202", []fault{
			{"bind.201-in-progress", "201"},
			{"bind.200-in-progress", "200"},
		}},
		{"Binding", "no credentials with a 202", "bind-202-without-credentials", []fault{
			{"bind.credentials-in-202", "there are some"},
		}},
		{"Binding", "what is refused has no effect", "bind-refused-no-effect", []fault{
			{"bind.async-required-but-created", "creates what it refuses with AsyncRequired"},
			{"bind.refused-but-created", "creates what it refuses with 400"},
		}},
		{"Binding", "service_id and plan_id are required", "bind-ids-required", []fault{
			{"bind.service-id-missing-accepted", "goes on without service_id"},
			{"bind.plan-id-missing-accepted", "goes on without plan_id"},
		}},
		{"Binding", "service_id and plan_id are those of the instance", "bind-ids", []fault{
			{"bind.other-service-accepted", "accepts those of another service"},
			{"bind.other-plan-accepted", "accepts another plan"},
		}},
		{"Binding", "the instance is ready", "bind-creating", []fault{
			{"bind.creating-accepted", "201 while it is being created"},
		}},
		{"Binding", "the plan is bindable", "bind-not-bindable", []fault{
			{"bind.not-bindable-accepted", "binds all the same"},
		}},
		{"Bind Resource Object", "app_guid is given in bind_resource, or not at all", "bind-app", []fault{
			{"bind.only-old-app-guid", "looks at the deprecated field only"},
		}},
		{"Binding", "parameters are validated", "bind-parameters", []fault{
			{"bind.parameters-unchecked", "goes on with what breaks the schema"},
		}},
		{"Binding", "200 if the binding exists with the same parameters", "bind-repeated", []fault{
			{"bind.repeat-201", "201"},
			{"bind.repeat-409", "409"},
		}},
		{"Binding", "the response to a repeated request has the credentials", "bind-repeated-credentials", []fault{
			{"bind.repeat-without-credentials", "there are none"},
			{"bind.repeat-other-credentials", "there are others"},
		}},
		{"Binding", "a repeated request is answered with 202 while it is in progress", "bind-repeated-202", []fault{
			{"bind.repeat-200-in-progress", "200"},
			{"bind.repeat-409-in-progress", "409"},
		}},
		{"Binding", "the operation is that of the original request", "bind-repeated-operation", []fault{
			{"bind.repeat-other-operation", "it is another one"},
		}},
		{"Binding", "409 if the binding exists with different parameters", "bind-conflict", []fault{
			{"bind.conflict-missed", "200"},
			{"bind.conflict-missed-for-parameters", "200 for other parameters"},
			{"bind.conflict-missed-for-app", "200 for another application"},
			{"bind.conflict-422", "422"},
		}},
		{"Binding", "409 also while it is in progress", "bind-conflict-in-progress", []fault{
			{"bind.conflict-missed-in-progress", "202"},
		}},
		{"Binding", "409 changes nothing", "bind-conflict-no-effect", []fault{
			{"bind.conflict-but-applied", "applies the different parameters"},
		}},
	}
}
