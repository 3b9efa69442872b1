package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exchange sends a request, and returns it with the response, for golden files.
func (p *process) exchange(method, path, body string) string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth(p.username, p.password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		p.t.Fatalf("%s %s: %s", method, path, raw)
	}
	text := method + " " + path + "\n"
	if body != "" {
		text += body + "\n"
	}
	return strings.ReplaceAll(text+response.Status+"\n"+strings.TrimSpace(indented.String())+"\n\n", p.cmd.Dir, "/directory")
}

const (
	teamService  = "3d0a7c1e-52f4-4c0b-9b0e-6a1f4f1c2a01"
	standardPlan = "3d0a7c1e-52f4-4c0b-9b0e-6a1f4f1c2a02"
	archivePlan  = "3d0a7c1e-52f4-4c0b-9b0e-6a1f4f1c2a03"
	teamOf       = `"service_id":"` + teamService + `","plan_id":"` + standardPlan + `"`
	teamContext  = `"organization_guid":"o","space_guid":"s","context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"s","space_name":"Team Blue / 1"}`
	teamQuery    = "?service_id=" + teamService + "&plan_id=" + standardPlan
)

// plansExample copies the example, with changes to its catalog.
func plansExample(t *testing.T, changes ...string) (directory string) {
	t.Helper()
	directory = t.TempDir()
	for _, name := range []string{"openbroker.yaml", "catalog.yaml"} {
		content, err := os.ReadFile(filepath.Join("../../examples/plans", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(content), "data: data", "data: openbroker-data", 1)
		if name == "catalog.yaml" {
			text = changed(t, text, changes...)
		}
		write(t, directory, name, text)
	}
	return directory
}

// changed replaces texts, which must be there.
func changed(t *testing.T, text string, changes ...string) string {
	t.Helper()
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			t.Fatalf("there is no %s", changes[i])
		}
		text = strings.ReplaceAll(text, changes[i], changes[i+1])
	}
	return text
}

// The example does what it says, on the wire.
func TestPlansExample(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"config", "check", "openbroker.yaml"}, {"lint", "--strict", "--config", "openbroker.yaml"}} {
		if code, stdout, stderr := command(t, "../../examples/plans", nil, args...); code != 0 || stderr != "" || !strings.Contains(stdout, "ok") {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
	directory := plansExample(t)
	p := serve(t, directory, nil, "--config", "openbroker.yaml")
	login := []string{"OPENBROKER_USERNAME=" + p.username, "OPENBROKER_PASSWORD=" + p.password}
	if code, stdout, stderr := command(t, directory, login, "check", p.url); code != 0 {
		t.Errorf("the example does not conform: exit code %d, %s%s", code, stdout, stderr)
	}
	var wire strings.Builder
	for _, request := range [][3]string{
		{"GET", "/v2/catalog"},
		{"PUT", instance, `{` + teamOf + `,` + teamContext + `,"parameters":{"cost_center":"1234"}}`},
		{"PUT", instance, `{` + teamOf + `,` + teamContext + `,"parameters":{"cost_center":"1234"}}`},
		{"GET", instance},
		{"PUT", instance + "/service_bindings/reader", `{` + teamOf + `,"parameters":{"access":"ro"}}`},
		{"GET", instance + "/service_bindings/reader"},
		{"PUT", instance + "/service_bindings/writer", `{` + teamOf + `}`},
		{"PUT", instance + "/service_bindings/wrong", `{` + teamOf + `,"parameters":{"mode":"ro"}}`},
		{"PATCH", instance, `{"service_id":"` + teamService + `","plan_id":"` + archivePlan + `"}`},
		{"GET", instance},
		{"PUT", instance + "/service_bindings/wrong", `{` + changed(t, teamOf, standardPlan, archivePlan) + `,"parameters":{"mode":"rw"}}`},
		{"GET", instance + "/service_bindings/wrong"},
		{"PUT", instance + "/service_bindings/archived", `{` + changed(t, teamOf, standardPlan, archivePlan) + `}`},
		{"GET", instance + "/service_bindings/reader"},
		{"DELETE", instance + "/service_bindings/reader" + teamQuery},
		{"DELETE", instance + teamQuery},
	} {
		wire.WriteString(p.exchange(request[0], request[1], request[2]))
	}
	p.stop()
	golden(t, "plans_wire", wire.String())
}

// What is computed when a request is accepted stays, also after kill -9 and a change of
// the catalog. No mistake in a template can keep an instance from being deleted.
func TestPlanChangesAfterKill(t *testing.T) {
	t.Parallel()
	directory := plansExample(t)
	config := "data: openbroker-data\ncatalog: {file: catalog.yaml, poll_interval: 50ms}\n"
	p := serve(t, directory, nil, "--config", write(t, directory, "slow.yaml", config+slow))
	accepted := p.exchange("PUT", instance+"?accepts_incomplete=true", `{`+teamOf+`,`+teamContext+`,"parameters":{"cost_center":"1234"}}`)
	const labels = `"backup": "",
      "cost-center": "1234",
      "team": "Team-Blue-1",
      "tier": "standard"`
	if !strings.Contains(accepted, "202 Accepted") || !strings.Contains(accepted, labels) {
		t.Errorf("the response is %s", accepted)
	}
	p.kill()

	content, err := os.ReadFile(filepath.Join(directory, "catalog.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, directory, "catalog.yaml", changed(t, string(content), "tier: standard", "tier: '{{ .context.tier }}'", "jdbc-url: '", "jdbc-url: '{{ .credentials.host }}"))
	p = serve(t, directory, nil, "--config", write(t, directory, "swift.yaml", config))
	await(t, "the provision", func() bool { return p.request("GET", instance, nil).status == http.StatusOK })
	if got := p.exchange("GET", instance, ""); !strings.Contains(got, labels) {
		t.Errorf("the instance is %s", got)
	}

	// A template that cannot be computed refuses updates and creations, with its name.
	const missing = `Parameters cannot be computed: the plan's template labels.tier needs .context.tier, which is missing.`
	for _, got := range []string{
		p.exchange("PATCH", instance, `{"service_id":"`+teamService+`","parameters":{"cost_center":"5678"}}`),
		p.exchange("PUT", "/v2/service_instances/two", `{`+teamOf+`,`+teamContext+`}`),
	} {
		if !strings.Contains(got, "400 Bad Request") || !strings.Contains(got, missing) {
			t.Errorf("the response is %s", got)
		}
	}
	p.expect(http.StatusNotFound, "GET", "/v2/service_instances/two/last_operation", nil)

	// A bind fails, and leaves nothing.
	got := p.exchange("PUT", instance+"/service_bindings/b", `{`+teamOf+`}`)
	const reason = "The credentials cannot be made: the plan's template credentials.set.jdbc-url needs .credentials.host, which is missing."
	if !strings.Contains(got, "500 Internal Server Error") || !strings.Contains(got, reason) {
		t.Errorf("the response is %s", got)
	}
	p.awaitLog(reason)
	await(t, "the clean-up", func() bool {
		links, err := filepath.Glob(filepath.Join(directory, "openbroker-data", "instances", "ob-*", "bindings", "ob-*"))
		return err == nil && len(links) == 0
	})
	p.expect(http.StatusNotFound, "GET", instance+"/service_bindings/b", nil)
	if strings.Contains(p.stderr.String(), "max_page_count") {
		t.Error("the log has credentials")
	}
	p.expect(http.StatusOK, "DELETE", instance+teamQuery, nil)
	p.stop()
}

// Mistakes in the fields of a plan have their place, in each command and at a reload.
func TestPlanMistakes(t *testing.T) {
	t.Parallel()
	directory := plansExample(t)
	content, err := os.ReadFile(filepath.Join(directory, "catalog.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	valid := string(content)
	write(t, directory, "openbroker.yaml", "data: openbroker-data\ncatalog: {file: catalog.yaml, poll_interval: 50ms}\n")
	running := serve(t, directory, nil, "--config", "openbroker.yaml")
	for change, want := range map[[2]string]string{
		{"| label }}'\n          cost-center", "| lable }}'\n          cost-center"}:                                             `catalog.yaml:21:89: error: labels.team: the function "lable" is unknown: did you mean "label"? [plan-template]`,
		{"{{ .instance.id }}", "{{ .instance.guid }}"}:                                                                           `catalog.yaml:34:44: error: credentials.set.owner.instance: .instance.guid is unknown`,
		{"        credentials:\n", "        credential:\n"}:                                                                      `catalog.yaml:30:9: error: "credential" is unknown: did you mean "credentials"? [plan-values]`,
		{"          defaults: {cost_center", "          default: {cost_center"}:                                                  `catalog.yaml:18:11: error: "default" is unknown: did you mean "defaults"? parameters can have defaults, fixed, rename, remove [plan-values]`,
		{"    description: SQLite databases for teams.\n", "    description: SQLite databases for teams.\n    labels: {a: b}\n"}: `catalog.yaml:6:5: error: "labels" has no effect here: move it to the plans that it is for [plan-values]`,
	} {
		replace(t, directory, "catalog.yaml", changed(t, valid, change[0], change[1]))
		for _, args := range [][]string{{"config", "check", "openbroker.yaml"}, {"lint", "catalog.yaml"}, {"lint", "--config", "openbroker.yaml"}, {"serve", "--config", "openbroker.yaml", "--data", t.TempDir()}} {
			code, stdout, stderr := command(t, directory, nil, args...)
			if text := stdout + stderr; code != 1 || !strings.Contains(text, want) {
				t.Errorf("%s: exit code %d, want %s\n%s", args, code, want, text)
			}
		}
		logged, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		running.awaitLog(strings.Trim(string(logged), `"`))
	}

	// A warning does not keep the catalog from being used.
	replace(t, directory, "catalog.yaml", changed(t, valid, "cost-center: '{{ .parameters.cost_center }}'", "cost-center: '{{ .parameters.cost_centre | default \"\" }}'"))
	const warning = `catalog.yaml:22:39: warning: labels.cost-center: the plan's schema has no parameter "cost_centre": did you mean "cost_center"? [plan-parameter-unknown]`
	code, stdout, stderr := command(t, directory, nil, "config", "check", "openbroker.yaml")
	if code != 0 || stdout != "openbroker.yaml: ok\n" || !strings.Contains(stderr, warning) {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	running.awaitLog("a plan of the catalog probably has a mistake")
	if code, stdout, _ := command(t, directory, nil, "lint", "catalog.yaml"); code != 0 || !strings.Contains(stdout, warning) {
		t.Errorf("exit code %d, %s", code, stdout)
	}

	// Advice about keys and labels comes from lint only.
	replace(t, directory, "catalog.yaml", changed(t, valid, "jdbc-url: '", "jdbcUrl: '", "tier: standard", "tier: not so standard"))
	code, stdout, stderr = command(t, directory, nil, "lint", "catalog.yaml")
	for _, want := range []string{
		`catalog.yaml:32:13: warning: the credential "jdbcUrl" cannot become a file: Cloud Foundry refuses applications with file-based bindings [credential-key]`,
		`catalog.yaml:23:17: warning: platforms may ignore the label "tier" because of its value [label-syntax]`,
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, want %s\n%s%s", code, want, stdout, stderr)
		}
	}
	if code, stdout, stderr := command(t, directory, nil, "config", "check", "openbroker.yaml"); code != 0 || stdout+stderr != "openbroker.yaml: ok\n" {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	running.stop()
}

// A program in another language gets what the plan computes, too.
func TestPlanValuesOfCommand(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	program := write(t, directory, "provider.sh", `#!/bin/sh
exec jq -c '{credentials: {mode: .binding.parameters.mode, instance: .instance.parameters, host: "db"}}
	| if $operation == "bind" then . else {} end' --arg operation "$(basename "$0" .sh)"
`)
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(program, filepath.Join(directory, "bind.sh")); err != nil {
		t.Fatal(err)
	}
	write(t, directory, "openbroker.yaml", "data: openbroker-data\ncatalog: {file: catalog.yaml}\nprovider:\n  command: {command: [./provider.sh], operations: {bind: [./bind.sh]}}\n")
	write(t, directory, "catalog.yaml", `services:
  - id: one
    name: one
    description: One.
    bindable: true
    plans:
      - id: one-plan
        name: eu
        description: In Europe.
        parameters: {fixed: {region: eu, gb: {$integer: '{{ .parameters.size }}'}}, rename: {size: units}}
        binding_parameters: {defaults: {mode: ro}}
        credentials: {set: {url: 'x://{{ .credentials.host }}/{{ .parameters.region }}'}, remove: [host]}
`)
	p := serve(t, directory, nil, "--config", "openbroker.yaml")
	p.expect(http.StatusCreated, "PUT", instance, map[string]any{"service_id": "one", "plan_id": "one-plan", "organization_guid": "o", "space_guid": "s", "parameters": map[string]any{"size": 12345678}})
	bound := p.exchange("PUT", instance+"/service_bindings/b", `{"service_id":"one","plan_id":"one-plan"}`)
	const want = `201 Created
{
  "credentials": {
    "instance": {
      "gb": 12345678,
      "region": "eu",
      "units": 12345678
    },
    "mode": "ro",
    "url": "x://db/eu"
  }
}`
	if !strings.Contains(bound, want) {
		t.Errorf("the binding is %s", bound)
	}
	p.expect(http.StatusOK, "DELETE", instance+"?service_id=one&plan_id=one-plan", nil)
	p.stop()
}
