package platform

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
)

func (p *program) newCatalog() *cobra.Command {
	c := &common{}
	only := ""
	command := &cobra.Command{
		Use:     "catalog [SERVICE]",
		Aliases: []string{"marketplace"},
		Short:   "List the services and plans of the broker",
		Example: "  openbroker catalog\n  openbroker catalog postgresql -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: p.with(c, func(ctx context.Context, s *session, args []string) error {
			if len(args) > 0 && only != "" && args[0] != only {
				return usage("the argument and --service name different services: use one of them")
			}
			if len(args) > 0 {
				only = args[0]
			}
			offered, err := s.catalog(ctx)
			if err != nil {
				return err
			}
			if only == "" {
				return s.print(c.format, catalogResult(offered.Services, offered))
			}
			one, err := service(offered, only)
			if err != nil {
				return err
			}
			return s.print(c.format, catalogResult([]openbroker.Service{*one}, one))
		}),
		ValidArgsFunction: p.complete(c, noCandidates, serviceNames),
	}
	c.add(command)
	command.Flags().StringVarP(&only, "service", "e", "", "list the plans of one `SERVICE`")
	return command
}

func catalogResult(services []openbroker.Service, value any) output.Result {
	r := output.Result{Value: value, Title: []string{"SERVICE", "PLAN", "FREE", "BINDABLE", "DESCRIPTION"}}
	yes := map[bool]string{true: "yes", false: "no"}
	for i := range services {
		service := &services[i]
		r.Names = append(r.Names, service.Name)
		for j := range service.Plans {
			plan := &service.Plans[j]
			r.Rows = append(r.Rows, []string{service.Name, plan.Name, yes[plan.IsFree()], yes[service.PlanBindable(plan)], plan.Description})
		}
	}
	return r
}
