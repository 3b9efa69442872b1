package platform

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
)

// completionTimeout limits a request during completion. The stored catalog of an earlier
// command saves the request.
const completionTimeout = time.Second

// candidates returns the values of an argument. before are the arguments before it.
type candidates func(s *session, before []string) []string

// complete returns the completion of arguments. If flag is not nil, it completes the
// value of a flag instead.
func (p *program) complete(c *common, flag candidates, arguments ...candidates) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp
		s, err := p.open(c)
		switch {
		case err != nil:
			return nil, directive
		case flag != nil:
			return flag(s, args), directive
		case len(args) < len(arguments):
			return arguments[len(args)](s, args), directive
		default:
			return nil, directive
		}
	}
}

// noCandidates is the flag argument of complete for the completion of arguments.
var noCandidates candidates

// knownCatalog returns the stored catalog of an earlier command, or fetches it within
// completionTimeout. It returns nil if both fail.
func (s *session) knownCatalog() *openbroker.Catalog {
	if text, err := os.ReadFile(s.catalogFile()); err == nil {
		known := new(openbroker.Catalog)
		if json.Unmarshal(text, known) == nil {
			return known
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionTimeout)
	defer cancel()
	fetched, err := s.catalog(ctx)
	if err != nil {
		return nil
	}
	return fetched
}

func serviceNames(s *session, _ []string) []string {
	known := s.knownCatalog()
	if known == nil {
		return nil
	}
	var names []string
	for i := range known.Services {
		names = append(names, known.Services[i].Name)
	}
	return names
}

func planNames(s *session, before []string) []string {
	known := s.knownCatalog()
	if known == nil || len(before) == 0 {
		return nil
	}
	found, err := service(known, before[0])
	if err != nil {
		return nil
	}
	return namesOfPlans(found)
}

func namesOfPlans(service *openbroker.Service) []string {
	var names []string
	for i := range service.Plans {
		names = append(names, service.Plans[i].Name)
	}
	return names
}

func plansOfInstance(s *session, before []string) []string {
	known := s.knownCatalog()
	if known == nil || len(before) == 0 {
		return nil
	}
	i, err := s.findInstance(before[0])
	if err != nil {
		return nil
	}
	found := known.Service(i.ServiceID)
	if found == nil {
		return nil
	}
	return namesOfPlans(found)
}

func instanceNames(s *session, _ []string) []string {
	all, err := s.file.read()
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range all.Instances {
		names = append(names, i.Name)
	}
	return names
}

func bindingNames(s *session, before []string) []string {
	if len(before) == 0 {
		return nil
	}
	i, err := s.findInstance(before[0])
	if err != nil {
		return nil
	}
	var names []string
	for _, b := range i.Bindings {
		names = append(names, b.Name)
	}
	return names
}

// completeParameters completes -p with the properties of the plan's schema. The
// arguments name the plan.
func (p *program) completeParameters(command *cobra.Command, c *common, schema func(*openbroker.Plan) *openbroker.InputParametersSchema) {
	_ = command.RegisterFlagCompletionFunc("param", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		s, err := p.open(c)
		if err != nil || len(args) < 2 {
			return nil, directive
		}
		known := s.knownCatalog()
		if known == nil {
			return nil, directive
		}
		found, err := service(known, args[0])
		if err != nil {
			return nil, directive
		}
		chosen, err := plan(found, args[1])
		if err != nil {
			return nil, directive
		}
		return parameterNames(schema(chosen)), directive
	})
}
