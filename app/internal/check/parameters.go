package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/internal/tree"
)

// readParameters reads the file of --parameters. For each plan it has an object with
// the parameters of provision, update and bind. Errors have the position, and quote only
// names of plans: parameters may be secret.
func readParameters(file string) (map[string]conformance.Parameters, error) {
	root, err := parseTree(file)
	if err != nil || root == nil {
		return nil, err
	}
	if !root.Is(tree.Object) {
		return nil, at(root.Place, "the file is %s, not an object with a member for each plan", root.Kind)
	}
	for i := range root.Repeated() {
		return nil, at(root.Members[i].Place, "the plan %q occurs twice", root.Members[i].Name)
	}
	plans := map[string]conformance.Parameters{}
	for _, plan := range root.Members {
		if plans[plan.Name], err = planParameters(plan); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// parseTree parses a file in YAML or JSON. It returns nil without a file. A syntax error
// has its position.
func parseTree(file string) (*tree.Node, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // The flag is optional.
	}
	content, err := os.ReadFile(file) //nolint:gosec // G304: the user chooses the file.
	if err != nil {
		return nil, err
	}
	root, err := tree.Parse(file, content)
	var invalid *tree.Error
	if errors.As(err, &invalid) {
		return nil, at(invalid.Place, "%s", invalid.Message)
	}
	return root, err
}

func planParameters(plan tree.Member) (p conformance.Parameters, err error) {
	if !plan.Value.Is(tree.Object) {
		return p, at(plan.Value.Place, "the plan %q is %s, not an object with provision, update or bind", plan.Name, plan.Value.Kind)
	}
	for i := range plan.Value.Repeated() {
		return p, at(plan.Value.Members[i].Place, "a request of the plan %q occurs twice", plan.Name)
	}
	for _, request := range plan.Value.Members {
		var target *map[string]any
		switch request.Name {
		case "provision":
			target = &p.Provision
		case "update":
			target = &p.Update
		case "bind":
			target = &p.Bind
		case "fail_provision":
			target = &p.FailProvision
		case "fail_deprovision":
			target = &p.FailDeprovision
		default:
			return p, at(request.Place, "the plan %q has an unknown member: use provision, update, bind, fail_provision or fail_deprovision", plan.Name)
		}
		if !request.Value.Is(tree.Object) {
			return p, at(request.Value.Place, "the parameters for %s of the plan %q are %s, not an object", request.Name, plan.Name, request.Value.Kind)
		}
		decoder := json.NewDecoder(bytes.NewReader(request.Value.JSON()))
		decoder.UseNumber() // Numbers are sent digit by digit.
		if err := decoder.Decode(target); err != nil {
			return p, at(request.Value.Place, "the parameters for %s of the plan %q cannot be decoded", request.Name, plan.Name)
		}
	}
	return p, nil
}

// at returns an error with its place in a file.
func at(place tree.Place, format string, arguments ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", place.File.Name, place.Line, place.Column, fmt.Sprintf(format, arguments...))
}
