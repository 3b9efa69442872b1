package platform

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

type deleteFlags struct {
	common
	waitFlags
	force         bool
	service, plan string
}

func (f *deleteFlags) add(command *cobra.Command) {
	f.common.add(command)
	f.waitFlags.add(command)
	command.Flags().BoolVarP(&f.force, "force", "f", false, "succeed also if the broker does not have it (404 or 410)")
	command.Flags().StringVar(&f.service, "service", "", "the `SERVICE` of an instance that is not recorded")
	command.Flags().StringVar(&f.plan, "plan", "", "the `PLAN` of an instance that is not recorded")
}

func (p *program) newDeprovision() *cobra.Command {
	f := &deleteFlags{}
	command := &cobra.Command{
		Use:     "deprovision NAME",
		Aliases: []string{"delete-service"},
		Short:   "Delete a service instance",
		Example: `  openbroker deprovision orders --wait
  openbroker deprovision 8b0d6f1e-... --service postgresql --plan small --force`,
		Args: exactly(1, "NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			return s.deprovision(ctx, f, args[0])
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames),
	}
	f.add(command)
	return command
}

// resolveInstance returns a recorded instance. With --service and --plan, it returns the
// instance with the id, recorded or not.
func (s *session) resolveInstance(ctx context.Context, f *deleteFlags, id string) (instance, error) {
	if f.service == "" || f.plan == "" {
		return s.findInstance(id)
	}
	offered, err := s.catalog(ctx)
	if err != nil {
		return instance{}, err
	}
	service, err := service(offered, f.service)
	if err != nil {
		return instance{}, err
	}
	plan, err := plan(service, f.plan)
	if err != nil {
		return instance{}, err
	}
	return instance{Name: id, ID: id, Service: service.Name, Plan: plan.Name, ServiceID: service.ID, PlanID: plan.ID, State: stateUnclear}, nil
}

func (s *session) deprovision(ctx context.Context, f *deleteFlags, name string) error {
	if err := f.check(); err != nil {
		return err
	}
	i, err := s.resolveInstance(ctx, f, name)
	if err != nil {
		return err
	}
	if len(i.Bindings) > 0 && !f.force {
		return &Error{
			Code: exitUsage, err: fmt.Errorf("%q still has bindings (%d); nothing was sent", i.Name, len(i.Bindings)),
			Hint: "delete them first: " + s.commandLine("unbind %s %s", quote(i.Name), quote(i.Bindings[0].Name)),
		}
	}
	r := &openbroker.DeprovisionRequest{InstanceID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID, AcceptsIncomplete: !f.sync}
	response, err := s.client.Deprovision(ctx, r)
	switch {
	case f.force && isMissing(err):
	case err != nil:
		return s.explain(err)
	case response.Outcome == openbroker.Accepted:
		operation := client.DeprovisionOperation(r, response)
		i.State, i.Operation, i.Description = stateDeleting, &operation, ""
		err := s.keep(ctx, func(all *record) {
			if kept := all.instance(i.ID); kept != nil {
				kept.State, kept.Operation, kept.Next, kept.Description = i.State, i.Operation, nil, ""
			} else {
				// The record makes the operation available to other commands.
				all.Instances = append(all.Instances, &i)
			}
		})
		if err != nil {
			return err
		}
		return s.follow(ctx, &f.waitFlags, i.ID)
	}
	if err := s.keep(ctx, func(all *record) { all.remove(i.ID) }); err != nil {
		return err
	}
	i.State, i.Operation, i.Bindings, i.Dashboard = "deleted", nil, nil, ""
	return s.print(s.common.format, instanceResult(i))
}

// isMissing reports whether the broker does not have the resource: it responds with 404
// or 410.
func isMissing(err error) bool {
	var response *client.ResponseError
	return errors.As(err, &response) && (response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusGone)
}
