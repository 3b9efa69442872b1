package conformance

// Scenarios returns all scenarios in the order of their start.
func Scenarios() []Scenario {
	scenarios := []Scenario{
		catalogScenario(), authenticationScenario(), versionScenario(), identityScenario(),
		unknownScenario(), malformedScenario(), refusedScenario(), encodedScenario(), extensionsScenario(),
		instanceScenario(), recreateScenario(), earlyUpdateScenario(), bindingScenario(), cancelScenario(), cancelBindingScenario(),
		busyScenario(), busyParametersScenario(), numbersScenario(), mismatchedScenario(), synchronousScenario(), concurrentScenario(), concurrentBindingsScenario(),
	}
	return append(scenarios, profileScenarios()...)
}

func catalogScenario() Scenario {
	return Scenario{
		Name: "catalog", Title: "Read the catalog, then read it with conditional requests.",
		Steps: []Step{
			{Name: "catalog", Request: to(GetCatalog), Essential: []int{200}},
			{Name: "catalog again", Request: to(GetCatalog)},
			{
				Name: "catalog with its ETag", If: catalogHas("ETag"),
				Request: to(GetCatalog).head("If-None-Match", "{etag}"),
			},
			{
				Name: "catalog with another ETag", If: catalogHas("ETag"),
				Request: to(GetCatalog).head("If-None-Match", `"05bc4ec0"`),
			},
			{
				Name: "catalog since its Last-Modified", If: catalogHas("Last-Modified"),
				Request: to(GetCatalog).head("If-Modified-Since", "{last-modified}"),
			},
			{
				Name: "catalog since 1970", If: catalogHas("Last-Modified"),
				Request: to(GetCatalog).head("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
			},
			{Name: "catalog with an unknown query", Request: to(GetCatalog).ask("x-conformance", "1")},
		},
	}
}

func authenticationScenario() Scenario {
	scenario := Scenario{
		Name: "authentication", Title: "Call every endpoint without credentials and with wrong credentials.",
		Needs: []Feature{Credentials},
	}
	for _, endpoint := range Endpoints() {
		scenario.Steps = append(
			scenario.Steps,
			Step{Name: string(endpoint) + " without credentials", Request: to(endpoint).anonymous()},
			Step{
				Name: string(endpoint) + " with wrong credentials", Needs: []Feature{SecretLogin},
				Request: to(endpoint).anonymous().head("Authorization", "{wrong}"),
			},
		)
	}
	header := func(name, value string, needs ...Feature) Step {
		return Step{Name: name, Needs: needs, Request: to(GetCatalog).anonymous().head("Authorization", value)}
	}
	scenario.Steps = append(
		scenario.Steps,
		header("catalog as an unknown user", "{unknown user}", PasswordLogin),
		header("catalog with empty credentials", "Basic Og==", PasswordLogin),
		header("catalog with the username only", "{username only}", PasswordLogin),
		header("catalog with broken credentials", "Basic %%%"),
		header("catalog with an unknown scheme", "Conformance abc"),
		Step{
			Name: "malformed provision without credentials",
			Request: to(Provision).anonymous().on("instance2").raw("{").
				noHead(versionHeader),
		},
		Step{
			Name:    "provision of an unknown plan without credentials",
			Request: to(Provision).anonymous().on("instance3").set("plan_id", "{unknown}"),
		},
		Step{Name: "refused provision", Request: to(Provision).anonymous().on("instance4")},
		Step{Name: "deprovision after the refusal", Request: to(Deprovision).on("instance4")},
		deprovisionNothing(),
	)
	return scenario
}

// deprovisionNothing shows how the broker answers the deletion of an instance
// that never existed.
func deprovisionNothing() Step {
	return Step{Name: nothingDeprovisioned, Request: to(Deprovision).on("nothing")}
}

// unbindNothing does the same for a binding, on an existing instance.
func unbindNothing() Step {
	return Step{Name: nothingUnbound, Needs: []Feature{Bindable}, Request: to(Unbind).as("nothing")}
}

// These are the names of the two steps.
const (
	nothingDeprovisioned = "deprovision of a nonexistent instance"
	nothingUnbound       = "unbind of a nonexistent binding"
)

func versionScenario() Scenario {
	version := func(name, value string) Step {
		return Step{Name: "catalog with " + name, Request: to(GetCatalog).head(versionHeader, value)}
	}
	return Scenario{
		Name: "version", Title: "Call the broker with other API versions, and without a version.",
		Steps: []Step{
			{Name: "catalog without version", Request: to(GetCatalog).noHead(versionHeader)},
			{Name: "deprovision with version 2.17", Request: to(Deprovision)},
			{Name: "deprovision without version", Request: to(Deprovision).noHead(versionHeader)},
			{Name: "poll without version", Request: to(LastOperation).noHead(versionHeader)},
			version("version 2.17", "2.17"),
			version("version 2.13", "2.13"),
			version("a later minor version", "2.99"),
			version("version 1.0", "1.0"),
			version("version 3.0", "3.0"),
			version("a malformed version", "seventeen"),
			version("a version without a minor number", "2"),
		},
	}
}

func identityScenario() Scenario {
	remove := func(name, value string) Step {
		return Step{Name: name, Request: to(Deprovision).head(identityHeader, value)}
	}
	return Scenario{
		Name: "identity", Title: "Send valid and malformed originating identities with requests for unknown instances.",
		Steps: []Step{
			{Name: "catalog", Request: to(GetCatalog)},
			{Name: "no identity", Request: to(Deprovision).noHead(identityHeader)},
			{Name: "update with an identity", Request: to(Update)},
			{Name: "update without identity", Request: to(Update).noHead(identityHeader)},
			{Name: "bind with an identity", Needs: []Feature{Bindable}, Request: to(Bind)},
			{Name: "bind without identity", Needs: []Feature{Bindable}, Request: to(Bind).noHead(identityHeader)},
			{Name: "unbind with an identity", Needs: []Feature{Bindable}, Request: to(Unbind)},
			{Name: "unbind without identity", Needs: []Feature{Bindable}, Request: to(Unbind).noHead(identityHeader)},
			remove("identity of Cloud Foundry", "cloudfoundry {base64 cloudfoundry}"),
			remove("identity of Kubernetes", "kubernetes {base64 kubernetes}"),
			remove("identity of another platform", "conformance {base64 other}"),
			{
				Name:    "catalog with an identity",
				Request: to(GetCatalog).head(identityHeader, "cloudfoundry {base64 cloudfoundry}"),
			},
			remove("identity that is not Base64", "cloudfoundry $$$"),
			remove("identity without value", "cloudfoundry"),
			remove("identity that is an array", "cloudfoundry {base64 array}"),
			remove("identity that is not JSON", "cloudfoundry {base64 text}"),
			{
				Name:    "request identity with unusual characters",
				Request: to(GetCatalog).head(requestHeader, "conformance:05bc4ec0/~_.-"),
			},
		},
	}
}

func unknownScenario() Scenario {
	return Scenario{
		Name: "unknown", Title: "Call endpoints for unknown instances, bindings and paths.",
		Steps: []Step{
			{Name: "fetch unknown instance", Needs: []Feature{InstancesRetrievable}, Request: to(FetchInstance)},
			{Name: "update unknown instance", Request: to(Update)},
			{Name: "deprovision unknown instance", Request: to(Deprovision)},
			{Name: "poll unknown instance", Request: to(LastOperation)},
			{Name: "bind unknown instance", Needs: []Feature{Bindable}, Request: to(Bind)},
			{
				Name: "provision without an id", Request: to(Provision).at("/v2/service_instances/").undefined(),
			},
			{Name: "fetch unknown binding", Needs: []Feature{Bindable, BindingsRetrievable}, Request: to(FetchBinding)},
			{Name: "unbind unknown binding", Needs: []Feature{Bindable}, Request: to(Unbind)},
			{Name: "poll unknown binding", Needs: []Feature{Bindable}, Request: to(LastBindingOperation)},
			{Name: "unknown path", Request: to(GetCatalog).at("/v2/conformance").undefined()},
			{
				Name:    "unknown method",
				Request: Request{Endpoint: GetCatalog, Method: "POST", Raw: "{}", HasRaw: true, Undefined: true},
			},
		},
	}
}
