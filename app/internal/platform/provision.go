package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

type provisionFlags struct {
	common
	waitFlags
	parameterFlags
	id, organization, space, context string
}

func (p *program) newProvision() *cobra.Command {
	f := &provisionFlags{}
	command := &cobra.Command{
		Use:     "provision SERVICE PLAN NAME",
		Aliases: []string{"create-service"},
		Short:   "Create a service instance",
		Example: `  openbroker provision postgresql small orders --wait
  openbroker provision postgresql large orders -p storage_gb=50 -c @parameters.json`,
		Args: exactly(3, "SERVICE PLAN NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			return s.provision(ctx, f, args[0], args[1], args[2])
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, serviceNames, planNames),
	}
	f.common.add(command)
	f.waitFlags.add(command)
	f.parameterFlags.add(command)
	p.completeParameters(command, &f.common, createSchema)
	flags := command.Flags()
	flags.StringVar(&f.id, "id", "", "create the instance with this `ID` (default a random UUID)")
	flags.StringVar(&f.organization, "organization", "", "send `GUID` as the organization (default that of the target)")
	flags.StringVar(&f.space, "space", "", "send `GUID` as the space (default that of the target)")
	flags.StringVar(&f.context, "context", "", "send this `JSON` object as the context")
	return command
}

func exactly(n int, names string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("the command takes %s; arguments given: %d", names, len(args))
		}
		return nil
	}
}

func (s *session) provision(ctx context.Context, f *provisionFlags, serviceName, planName, name string) error {
	if err := checkName("instance", name); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	offered, err := s.catalog(ctx)
	if err != nil {
		return err
	}
	service, err := service(offered, serviceName)
	if err != nil {
		return err
	}
	plan, err := plan(service, planName)
	if err != nil {
		return err
	}
	r := &openbroker.ProvisionRequest{
		InstanceID: f.id, ServiceID: service.ID, PlanID: plan.ID, Service: service, Plan: plan,
		AcceptsIncomplete: !f.sync, MaintenanceInfo: versionOnly(plan.MaintenanceInfo),
	}
	if r.Parameters, err = f.read(s.In, createSchema(plan)); err != nil {
		return err
	}
	if r.Context, err = readContext(f.context); err != nil {
		return err
	}
	r.OrganizationGUID, r.SpaceGUID = s.organizationAndSpace()
	if f.organization != "" {
		r.OrganizationGUID = f.organization
	}
	if f.space != "" {
		r.SpaceGUID = f.space
	}
	if r.InstanceID == "" {
		r.InstanceID = uuid.NewString()
	}
	// The id is recorded before it is sent, so that it cannot be lost.
	made := &instance{
		Name: name, ID: r.InstanceID, Service: service.Name, Plan: plan.Name, ServiceID: service.ID, PlanID: plan.ID,
		State: stateCreating, Created: time.Now().UTC().Truncate(time.Second), Maintenance: versionOf(plan.MaintenanceInfo),
	}
	if err := s.add(ctx, made); err != nil {
		return err
	}
	response, err := s.client.Provision(ctx, r)
	if err != nil {
		return s.provisionFailed(ctx, *made, err)
	}
	made.Dashboard, made.State = response.DashboardURL, stateReady
	if response.Outcome == openbroker.Accepted {
		operation := client.ProvisionOperation(r, response)
		made.State, made.Operation = stateCreating, &operation
	}
	if err := s.keepInstance(ctx, made.ID, func(i *instance) { *i = *made }); err != nil {
		return err
	}
	return s.follow(ctx, &f.waitFlags, made.ID)
}

// add records a new instance. The name and the id must be free.
func (s *session) add(ctx context.Context, made *instance) error {
	err := s.file.change(ctx, func(r *record) error {
		r.Version = 1
		if before := r.instance(made.Name); before != nil {
			return &Error{
				Code: exitUsage, err: fmt.Errorf("the name %q is taken by an instance that is %s; nothing was sent", made.Name, before.State),
				Hint: "choose another name, or delete it: " + s.commandLine("deprovision %s", quote(made.Name)),
			}
		}
		if r.instance(made.ID) != nil {
			return usage("the id %q is that of another instance; nothing was sent", made.ID)
		}
		r.Instances = append(r.Instances, made)
		return nil
	})
	return asRefusal(err)
}

// provisionFailed removes the record of an instance that the broker does not have, and
// keeps that of one that it may have.
func (s *session) provisionFailed(ctx context.Context, made instance, err error) error {
	var silent *client.TransportError
	_, orphan := client.OrphanOf(err)
	if orphan || errors.As(err, &silent) && !silent.Refused || ctx.Err() != nil {
		kept := s.keepInstance(ctx, made.ID, func(i *instance) {
			i.State, i.Description = stateUnclear, "the broker's response is missing or unclear"
		})
		return errors.Join(refused(err, "the broker may have created the instance; to delete it: "+s.commandLine("deprovision %s --force", quote(made.Name))), kept)
	}
	if kept := s.keep(ctx, func(r *record) { r.remove(made.ID) }); kept != nil {
		return kept
	}
	return s.explain(err)
}

// follow waits for the pending operation of an instance if --wait is set, and prints the
// instance.
func (s *session) follow(ctx context.Context, f *waitFlags, id string) error {
	made, err := s.findInstance(id)
	if err != nil {
		return err
	}
	if made.Operation != nil && f.wait {
		if err := s.finish(ctx, f, made); err != nil {
			return err
		}
		r, err := s.file.read()
		if err != nil {
			return usage("%w", err)
		}
		left := r.instance(id)
		if left == nil {
			made.State, made.Operation, made.Dashboard = "deleted", nil, ""
			return s.print(s.common.format, instanceResult(made))
		}
		made = *left
	}
	if made.Operation != nil {
		s.note("accepted; to wait for it: %s", s.commandLine("operation %s --wait", quote(made.Name)))
	}
	return s.print(s.common.format, instanceResult(made))
}

// finish waits for the pending operation of an instance and records the result.
func (s *session) finish(ctx context.Context, f *waitFlags, i instance) error {
	o := *i.Operation
	err := s.await(ctx, f, o, i.Name, s.commandLine("operation %s --wait", quote(i.Name)))
	return errors.Join(err, s.conclude(ctx, i.ID, o, err))
}

// conclude records the result of an operation on an instance. An operation that
// continues stays pending.
func (s *session) conclude(ctx context.Context, id string, o client.Operation, err error) error {
	var failed *client.OperationError
	if err != nil && !errors.As(err, &failed) {
		return nil
	}
	return s.keep(ctx, func(r *record) {
		i := r.instance(id)
		switch {
		case i == nil:
			return
		case err == nil && o.Kind == client.KindDeprovision:
			r.remove(id)
			return
		case err == nil:
			i.State, i.Description = stateReady, ""
			if i.Next != nil {
				i.Plan, i.PlanID, i.Maintenance = i.Next.Plan, i.Next.PlanID, i.Next.Maintenance
			}
		case o.Kind == client.KindUpdate:
			// A failed update leaves the instance as it was, unless the broker says
			// otherwise.
			i.State, i.Description = stateReady, string(o.Kind)+" failed: "+failed.Description
			if failed.InstanceUsable != nil && !*failed.InstanceUsable {
				i.State = stateFailed
			}
		default:
			i.State, i.Description = stateFailed, string(o.Kind)+" failed: "+failed.Description
		}
		i.Operation, i.Next = nil, nil
	})
}

func versionOnly(m *openbroker.MaintenanceInfo) *openbroker.MaintenanceInfo {
	if m == nil || m.Version == "" {
		return nil
	}
	return &openbroker.MaintenanceInfo{Version: m.Version}
}

func versionOf(m *openbroker.MaintenanceInfo) string {
	if m == nil {
		return ""
	}
	return m.Version
}

func readContext(text string) (openbroker.PlatformContext, error) {
	var context openbroker.PlatformContext
	if text == "" {
		return context, nil
	}
	if err := json.Unmarshal([]byte(text), &context); err != nil {
		return context, usage("--context is not a JSON object%s", errorPosition([]byte(text), err))
	}
	return context, nil
}
