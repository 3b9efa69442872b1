package conformance_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

// TestBrokersOfThePast shows that brokers with the faults of earlier frameworks
// fail for these faults and for no others. The faults come from brokerapi 13
// (Go), openbrokerapi 4.7 (Python) and the brokers below, seen in running
// brokers or in their source code.
func TestBrokersOfThePast(t *testing.T) {
	t.Parallel()
	for name, past := range map[string]struct{ faults, failed []string }{
		"brokerapi": {
			faults: []string{
				"version.missing-412", "version.unsupported-without-message", "request-identity.not-on-errors",
				"auth.no-challenge", "error.text-on-401", "error.html-on-404", "poll-instance.unknown-410",
				"poll-binding.unknown-410", "body.malformed-422", "body.trailing-accepted",
				"provision.parameters-type-accepted", "provision.context-type-accepted", "update.parameters-type-accepted",
				"update.other-service-accepted", "bind.parameters-type-accepted", "bind.other-service-accepted",
				"bind.other-plan-accepted", "catalog.plan-of-other-service-accepted", "bind.requires-app-no-code",
			},
			failed: []string{
				"answer-content-type", "auth-challenge", "bind-broken-json", "bind-parameters-not-an-object",
				"bind-requires-app", "error-json-object",
				"last-binding-operation-unknown", "last-operation-unknown", "provision-broken-json",
				"provision-context-not-an-object", "provision-no-body", "provision-not-an-object",
				"provision-parameters-not-an-object", "provision-plan-of-another-service",
				"provision-trailing-data", "request-identity-echoed-on-errors", "update-broken-json",
				"update-parameters-not-an-object",
			},
		},
		"openbrokerapi": {
			faults: []string{
				"version.junk-500", "request-identity.never", "auth.validates-before", "url.encoded-slash", "error.html-on-404",
				"poll-instance.unknown-410", "poll-binding.unknown-500", "provision.unknown-service-accepted",
				"provision.parameters-type-accepted", "provision.context-type-accepted", "provision.maintenance-type-accepted",
				"update.unsupported-plan-change-400", "update.unknown-500", "update.service-id-type-accepted",
				"update.parameters-type-accepted", "update.other-service-accepted", "bind.unknown-instance-500",
				"bind.parameters-type-accepted", "bind.other-service-accepted", "bind.other-plan-accepted",
			},
			failed: []string{
				"answer-content-type", "answer-no-fault", "auth-before-validation", "bind-parameters-not-an-object",
				"bind-unknown-instance", "error-json-object",
				"last-binding-operation-unknown", "last-operation-unknown", "provision-context-not-an-object",
				"provision-encoded-id", "provision-maintenance-info-not-an-object",
				"provision-parameters-not-an-object", "provision-unknown-service", "request-identity-echoed",
				"request-identity-echoed-on-errors", "update-after-deprovision", "update-of-plan",
				"update-of-plan-async-required", "update-of-plan-not-updateable", "update-parameters-not-an-object",
				"update-service-id-not-a-string", "update-unknown-instance",
				"version-malformed",
			},
		},
		// The World's Simplest Service Broker has no state: it deletes unknown
		// resources and creates existing ones.
		"stateless": {
			faults: []string{
				"deprovision.unknown-200", "unbind.unknown-200", "provision.repeat-201", "bind.repeat-201",
			},
			failed: []string{
				"bind-repeated-200", "bind-repeated-not-created", "concurrent-binds-once", "concurrent-deprovisions-once",
				"concurrent-provisions-once", "concurrent-unbinds-once", "deprovision-repeated-410",
				"deprovision-unknown-410", "provision-repeated-200", "provision-repeated-not-created",
				"rotate-repeated-200", "unbind-repeated-410", "unbind-unknown-410",
			},
		},
		// The Overview Broker starts to process malformed requests. Until it has ended, it
		// refuses other requests.
		"overview-broker": {
			faults: []string{
				"update.service-id-type-accepted", "update.parameters-unchecked", "update.maintenance-ignored",
				"bind.resource-type-accepted",
			},
			failed: []string{
				"bind-resource-not-an-object", "update-maintenance-conflict", "update-parameters-validated",
				"update-service-id-not-a-string",
			},
		},
		// The mock broker of the checker for version 2.14 supports only that version.
		"another version": {
			faults: []string{"version.up-to-2.16"},
			failed: []string{"catalog-200", "catalog-services", "version-2.17-accepted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := run(t, specimen.Config{Also: past.faults}, conformance.Options{AllPlans: true})
			var failed []string
			for _, result := range report.Results {
				if result.Outcome == conformance.Failed || result.Outcome == conformance.Errored {
					failed = append(failed, result.Check.ID)
				}
			}
			slices.Sort(failed)
			if diff := cmp.Diff(past.failed, failed); diff != "" {
				t.Errorf("failed checks (-want +got):\n%s", diff)
			}
		})
	}
}
