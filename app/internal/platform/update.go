package platform

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

type updateFlags struct {
	common
	waitFlags
	parameterFlags
	plan, context string
}

func (p *program) newUpdate() *cobra.Command {
	f := &updateFlags{}
	command := &cobra.Command{
		Use:     "update NAME",
		Aliases: []string{"update-service"},
		Short:   "Change the plan or the parameters of an instance",
		Example: "  openbroker update orders --plan large --wait\n  openbroker update orders -p storage_gb=100",
		Args:    exactly(1, "NAME"),
		PreRunE: func(command *cobra.Command, _ []string) error {
			// In cf, update-service takes -p PLAN.
			if command.CalledAs() == "update-service" && f.plan == "" && len(f.pairs) == 1 && !strings.Contains(f.pairs[0], "=") {
				f.plan, f.pairs = f.pairs[0], nil
			}
			return nil
		},
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			if f.plan == "" && f.config == "" && len(f.pairs) == 0 && f.context == "" {
				return usage("nothing to change: use --plan, -p, -c or --context")
			}
			return s.update(ctx, f, args[0], false)
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames),
	}
	f.common.add(command)
	f.waitFlags.add(command)
	f.parameterFlags.add(command)
	command.Flags().StringVar(&f.plan, "plan", "", "move the instance to `PLAN`")
	command.Flags().StringVar(&f.context, "context", "", "send this `JSON` object as the context")
	_ = command.RegisterFlagCompletionFunc("plan", p.complete(&f.common, plansOfInstance))
	return command
}

func (p *program) newUpgrade() *cobra.Command {
	f := &updateFlags{}
	command := &cobra.Command{
		Use:     "upgrade NAME",
		Aliases: []string{"upgrade-service"},
		Short:   "Bring an instance to the maintenance version of its plan",
		Example: "  openbroker upgrade orders --wait",
		Args:    exactly(1, "NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			return s.update(ctx, f, args[0], true)
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames),
	}
	f.common.add(command)
	f.waitFlags.add(command)
	return command
}

func (s *session) update(ctx context.Context, f *updateFlags, name string, upgrade bool) error {
	if err := f.check(); err != nil {
		return err
	}
	i, err := s.findInstance(name)
	if err != nil {
		return err
	}
	offered, err := s.catalog(ctx)
	if err != nil {
		return err
	}
	service, now := planOf(offered, i)
	if service == nil {
		return usage("the broker no longer offers the service %q of %q", i.Service, i.Name)
	}
	next := now
	if f.plan != "" {
		if next, err = plan(service, f.plan); err != nil {
			return err
		}
	}
	r := &openbroker.UpdateRequest{
		InstanceID: i.ID, ServiceID: i.ServiceID, Service: service, Plan: next, AcceptsIncomplete: !f.sync,
		PreviousValues: &openbroker.PreviousValues{ServiceID: i.ServiceID, PlanID: i.PlanID},
	}
	if i.Maintenance != "" {
		r.PreviousValues.MaintenanceInfo = &openbroker.MaintenanceInfo{Version: i.Maintenance}
	}
	change := &change{Plan: i.Plan, PlanID: i.PlanID, Maintenance: i.Maintenance}
	if f.plan != "" {
		r.PlanID = next.ID
		r.MaintenanceInfo = versionOnly(next.MaintenanceInfo)
		change.Plan, change.PlanID, change.Maintenance = next.Name, next.ID, versionOf(next.MaintenanceInfo)
	}
	if upgrade {
		switch {
		case next == nil || versionOf(next.MaintenanceInfo) == "":
			return usage("the plan %q has no maintenance version to upgrade to", i.Plan)
		case versionOf(next.MaintenanceInfo) == i.Maintenance:
			s.note("%s has the version %s of its plan already", i.Name, i.Maintenance)
			return s.print(s.common.format, instanceResult(i))
		}
		r.MaintenanceInfo = versionOnly(next.MaintenanceInfo)
		change.Maintenance = next.MaintenanceInfo.Version
	}
	if r.Parameters, err = f.read(s.In, updateSchema(next)); err != nil {
		return err
	}
	if r.Context, err = readContext(f.context); err != nil {
		return err
	}
	response, err := s.client.Update(ctx, r)
	if err != nil {
		return s.explain(err)
	}
	err = s.keepInstance(ctx, i.ID, func(i *instance) {
		if response.DashboardURL != "" {
			i.Dashboard = response.DashboardURL
		}
		if response.Outcome == openbroker.Accepted {
			operation := client.UpdateOperation(r, response)
			i.State, i.Operation, i.Next, i.Description = stateUpdating, &operation, change, ""
			return
		}
		i.State, i.Description = stateReady, ""
		i.Plan, i.PlanID, i.Maintenance = change.Plan, change.PlanID, change.Maintenance
	})
	if err != nil {
		return err
	}
	return s.follow(ctx, &f.waitFlags, i.ID)
}
