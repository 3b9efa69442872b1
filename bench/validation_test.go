package bench_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/catalog"
)

// databaseSchema is a typical schema of a plan for databases.
const databaseSchema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,
	"required":["name","size"],
	"properties":{
		"name":{"type":"string","pattern":"^[a-z][a-z0-9-]{2,30}$"},
		"size":{"type":"integer","minimum":1,"maximum":1024},
		"version":{"type":"string","enum":["14","15","16","17"]},
		"region":{"type":"string","enum":["eu-1","eu-2","us-1"]},
		"backup":{"type":"object","additionalProperties":false,"required":["enabled"],"properties":{
			"enabled":{"type":"boolean"},"hour":{"type":"integer","minimum":0,"maximum":23},"retention":{"type":"integer","minimum":1}}},
		"extensions":{"type":"array","items":{"type":"string","maxLength":63},"maxItems":20},
		"public":{"type":"boolean"},
		"owner":{"type":"string","minLength":1,"maxLength":255}}}`

const databaseParameters = `{"name":"orders","size":16,"version":"16","region":"eu-1","backup":{"enabled":true,"hour":3,"retention":14},` +
	`"extensions":["pg_trgm","postgis"],"public":false,"owner":"team-blue@example.com"}`

// BenchmarkValidation compares a provision with validated parameters with the
// same provision without validation. ratio is CPU time behind net/http on a
// local connection, and direct-ratio is CPU time without them. The target of
// both is at most 1.5 for the case "typical". The other cases show the cost of
// keywords that the library validates, and of a refusal.
func BenchmarkValidation(b *testing.B) {
	authenticator, err := auth.NewBasic(auth.Credential{Username: "user", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name, schema, parameters string
		status                   int
	}{
		{"typical", databaseSchema, databaseParameters, http.StatusCreated},
		{"library", strings.Replace(databaseSchema, `"type":"object",`, `"type":"object","minProperties":1,`, 1), databaseParameters, http.StatusCreated},
		{"refused", databaseSchema, strings.Replace(databaseParameters, `"size":16`, `"size":"16"`, 1), http.StatusBadRequest},
	} {
		b.Run(c.name, func(b *testing.B) {
			offer := benchCatalog(10)
			offer.Services[0].Plans[0].Schemas.ServiceInstance.Create.Parameters = json.RawMessage(c.schema)
			body := `{"service_id":"` + benchService + `","plan_id":"` + benchPlan + `",` + cfContext +
				`,"organization_guid":"1113aa0f-124e-4af2-1526-6bfacf61b111","space_guid":"aaaa1234-da91-4f12-8ffa-b51d0336aaaa","parameters":` + c.parameters + `}`
			request := benchCase{
				method: http.MethodPut, target: "/v2/service_instances/7a1f1b2c-64d4-4b0e-a7c5-4f0e6a2f9d11?accepts_incomplete=true",
				body: body, status: http.StatusCreated,
			}
			validated := request
			validated.status = c.status
			options := []openbroker.Option{openbroker.WithAuthenticator(authenticator), openbroker.WithLogger(logLines())}
			without := openbroker.NewHandler(&nullBroker{catalog: offer}, options...)
			with := openbroker.NewHandler(&nullBroker{catalog: offer}, append(options, openbroker.WithParameterValidation(catalog.NewValidator()))...)
			floorConnection, connection := connect(b, without, &request), connect(b, with, &validated)
			floorDirect, direct := direct(b, without, &request), direct(b, with, &validated)

			var wire, inProcess comparison
			for b.Loop() {
				wire.add(func() { floorConnection.call(b) }, func() { connection.call(b) })
				inProcess.add(floorDirect, direct)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(wire.ratio(), "ratio")
			b.ReportMetric(inProcess.ratio(), "direct-ratio")
			if c.name == "typical" {
				b.ReportMetric(1.5, "ratio-target")
			}
			b.ReportMetric(testing.AllocsPerRun(500, direct)-testing.AllocsPerRun(500, floorDirect), "more-allocs")
		})
	}
}

// BenchmarkHostileParameters measures the cost of refusing parameters that
// would take 2^90 steps or fill the memory, and of accepting the largest valid
// ones. ratio is relative to decoding the same parameters with encoding/json,
// whose cost is proportional to their length.
func BenchmarkHostileParameters(b *testing.B) {
	nested := strings.Repeat(`{"a":`, 90) + "1" + strings.Repeat("}", 90)
	list := func(n int, element string) string {
		return `{"a":[` + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + `]}`
	}
	for _, c := range []struct {
		name, schema, parameters string
		valid                    bool
	}{
		{"doubling", `{"properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}`, nested, false},
		{"number", `{"properties":{"a":{"multipleOf":0.1}}}`, `{"a":1e1000000000}`, false},
		{"elements", `{"properties":{"a":{"items":{"anyOf":[{"type":"string"},{"minimum":0}]}}}}`, list(400_000, "1"), false},
		{"pattern", `{"properties":{"a":{"pattern":"(x+x+)+y.{900}"}}}`, `{"a":"` + strings.Repeat("x", 1_000_000) + `"}`, false},
		{"most", `{"properties":{"a":{"items":{"anyOf":[{"type":"string"},{"minimum":0}]}}}}`, list(30_000, "1"), true},
	} {
		b.Run(c.name, func(b *testing.B) {
			validator := catalog.NewValidator()
			parameters := openbroker.Parameters(c.parameters)
			var value any
			measured := comparison{}
			for b.Loop() {
				measured.addOnce(func() {
					if err := json.Unmarshal(parameters, &value); err != nil && c.name != "number" {
						b.Fatal(err)
					}
				}, func() {
					if err := validator.ValidateParameters(json.RawMessage(c.schema), parameters); (err == nil) != c.valid {
						b.Fatal(err)
					}
				})
			}
			b.ReportMetric(measured.ratio(), "ratio")
		})
	}
}
