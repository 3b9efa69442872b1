package platform

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
)

// shownInstance is the printed form of an instance.
type shownInstance struct {
	Name         string                       `json:"name"`
	ID           string                       `json:"id"`
	Service      string                       `json:"service"`
	Plan         string                       `json:"plan"`
	ServiceID    string                       `json:"service_id"`
	PlanID       string                       `json:"plan_id"`
	State        string                       `json:"state"`
	Description  string                       `json:"description,omitempty"`
	Created      time.Time                    `json:"created,omitzero"`
	Maintenance  string                       `json:"maintenance_version,omitempty"`
	DashboardURL string                       `json:"dashboard_url,omitempty"`
	Operation    string                       `json:"operation,omitempty"`
	Bindings     []string                     `json:"bindings"`
	Parameters   json.RawMessage              `json:"parameters,omitempty"`
	Metadata     *openbroker.InstanceMetadata `json:"metadata,omitempty"`
}

func showInstance(i instance) shownInstance {
	shown := shownInstance{
		Name: i.Name, ID: i.ID, Service: i.Service, Plan: i.Plan, ServiceID: i.ServiceID, PlanID: i.PlanID,
		State: i.State, Description: i.Description, Created: i.Created, Maintenance: i.Maintenance, DashboardURL: i.Dashboard,
		Bindings: []string{},
	}
	if i.Operation != nil {
		shown.Operation = i.Operation.Operation
	}
	for _, b := range i.Bindings {
		shown.Bindings = append(shown.Bindings, b.Name)
	}
	return shown
}

func instanceResult(i instance) output.Result { return shownResult(showInstance(i)) }

func shownResult(shown shownInstance) output.Result {
	rows := [][]string{
		{"name", shown.Name},
		{"id", shown.ID},
		{"service", shown.Service},
		{"plan", shown.Plan},
		{"state", shown.State},
	}
	for _, optional := range [][2]string{
		{"description", shown.Description},
		{"maintenance", shown.Maintenance},
		{"dashboard", shown.DashboardURL},
		{"bindings", strings.Join(shown.Bindings, ", ")},
		{"parameters", string(shown.Parameters)},
	} {
		if optional[1] != "" {
			rows = append(rows, optional[:])
		}
	}
	return output.Result{Value: shown, Names: []string{shown.Name}, Rows: rows}
}

func (p *program) newInstance() *cobra.Command {
	f := &deleteFlags{}
	command := &cobra.Command{
		Use:     "instance NAME",
		Aliases: []string{"service"},
		Short:   "Show an instance",
		Long: `Show the record of an instance, and the parameters, dashboard and metadata from the
broker if instances of the service can be fetched.`,
		Example: "  openbroker instance orders -o json",
		Args:    exactly(1, "NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			i, err := s.resolveInstance(ctx, f, args[0])
			if err != nil {
				return err
			}
			shown := showInstance(i)
			offered, err := s.catalog(ctx)
			if err != nil {
				return err
			}
			if service, _ := planOf(offered, i); service == nil || !service.InstancesRetrievable {
				return s.print(f.format, shownResult(shown))
			}
			fetched, err := s.client.GetInstance(ctx, &openbroker.GetInstanceRequest{InstanceID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID})
			if i.Operation != nil && (errors.Is(err, openbroker.ErrInstanceDoesNotExist) || errors.Is(err, openbroker.ErrConcurrency)) {
				// These are the errors for an instance with an operation in progress.
				s.note("the instance is %s: %s", i.State, s.commandLine("operation %s --wait", quote(i.Name)))
				return s.print(f.format, shownResult(shown))
			}
			if err != nil {
				return s.explain(err)
			}
			shown.Parameters, shown.Metadata = json.RawMessage(fetched.Parameters), fetched.Metadata
			if fetched.DashboardURL != "" {
				shown.DashboardURL = fetched.DashboardURL
			}
			return s.print(f.format, shownResult(shown))
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames),
	}
	f.common.add(command)
	command.Flags().StringVar(&f.service, "service", "", "the `SERVICE` of an instance that is not recorded")
	command.Flags().StringVar(&f.plan, "plan", "", "the `PLAN` of an instance that is not recorded")
	return command
}

func (p *program) newInstances() *cobra.Command {
	c := &common{}
	command := &cobra.Command{
		Use:     "instances",
		Aliases: []string{"services"},
		Short:   "List the instances of these commands",
		Long: `List the instances that these commands have created on the target. It does not show the
instances of platforms, because the API cannot list the instances of a broker.`,
		Example: "  openbroker instances\n  openbroker instances -o name",
		Args:    exactly(0, "no arguments"),
		RunE: p.with(c, func(_ context.Context, s *session, _ []string) error {
			all, err := s.file.read()
			if err != nil {
				return usage("%w", err)
			}
			list := []shownInstance{}
			r := output.Result{Title: []string{"NAME", "SERVICE", "PLAN", "STATE", "BINDINGS", "ID"}}
			for _, i := range all.Instances {
				shown := showInstance(*i)
				list = append(list, shown)
				r.Names = append(r.Names, i.Name)
				r.Rows = append(r.Rows, []string{i.Name, i.Service, i.Plan, i.State, strings.Join(shown.Bindings, ","), i.ID})
			}
			r.Value = list
			return s.print(c.format, r)
		}),
	}
	c.add(command)
	return command
}
