package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

type bindFlags struct {
	common
	waitFlags
	parameterFlags
	secretFlags
	id, app, context string
}

func (p *program) newBind() *cobra.Command {
	f := &bindFlags{}
	command := &cobra.Command{
		Use:     "bind INSTANCE NAME",
		Aliases: []string{"create-service-key"},
		Short:   "Create a binding and show its credentials",
		Long: `Create a binding and show the names and sizes of its credentials, or the credentials
themselves with --show-secrets. openbroker binding shows them again.`,
		Example: "  openbroker bind orders app --wait\n  openbroker bind orders report -p mode=ro",
		Args:    exactly(2, "INSTANCE NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			return s.bind(ctx, f, args[0], args[1])
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames),
	}
	f.common.add(command)
	f.waitFlags.add(command)
	f.parameterFlags.add(command)
	f.secretFlags.add(command)
	command.Flags().StringVar(&f.id, "id", "", "create the binding with this `ID` (default a random UUID)")
	command.Flags().StringVar(&f.app, "app", "", "bind the application `GUID`")
	command.Flags().StringVar(&f.context, "context", "", "send this `JSON` object as the context")
	return command
}

func (s *session) bind(ctx context.Context, f *bindFlags, instanceName, name string) error {
	if err := checkName("binding", name); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	i, err := s.findInstance(instanceName)
	if err != nil {
		return err
	}
	offered, err := s.catalog(ctx)
	if err != nil {
		return err
	}
	service, plan := planOf(offered, i)
	r := &openbroker.BindRequest{
		InstanceID: i.ID, BindingID: f.id, ServiceID: i.ServiceID, PlanID: i.PlanID, Service: service, Plan: plan,
		AppGUID: f.app, AcceptsIncomplete: !f.sync,
	}
	if r.AppGUID != "" {
		r.BindResource = &openbroker.BindResource{AppGUID: f.app}
	}
	if r.Parameters, err = f.read(s.In, bindSchema(plan)); err != nil {
		return err
	}
	if r.Context, err = readContext(f.context); err != nil {
		return err
	}
	if r.BindingID == "" {
		r.BindingID = uuid.NewString()
	}
	return s.makeBinding(ctx, &f.waitFlags, &f.secretFlags, i, name, r, "")
}

// makeBinding creates a binding. If another binding has the name, that one is renamed to
// displaced; an empty displaced refuses a taken name.
func (s *session) makeBinding(ctx context.Context, f *waitFlags, shown *secretFlags, i instance, name string, r *openbroker.BindRequest, displaced string) error {
	made := &binding{Name: name, ID: r.BindingID, State: stateCreating, Created: time.Now().UTC().Truncate(time.Second)}
	err := s.file.change(ctx, func(all *record) error {
		kept := all.instance(i.ID)
		if kept == nil {
			return usage("the instance %q has been deleted in the meantime", i.Name)
		}
		before := kept.binding(name)
		switch {
		case before != nil && displaced == "":
			return &Error{
				Code: exitUsage, err: fmt.Errorf("the name %q is taken by a binding that is %s; nothing was sent", name, before.State),
				Hint: "choose another name, or delete it: " + s.commandLine("unbind %s %s", quote(i.Name), quote(name)),
			}
		case before != nil:
			before.Name = displaced
		}
		kept.Bindings = append(kept.Bindings, made)
		return nil
	})
	if err != nil {
		return asRefusal(err)
	}
	response, err := s.client.Bind(ctx, r)
	if err != nil {
		return s.bindFailed(ctx, i, *made, displaced, err)
	}
	made.State = stateReady
	if response.Outcome == openbroker.Accepted {
		operation := client.BindOperation(r, response)
		made.State, made.Operation = stateCreating, &operation
	}
	if err := s.keepBinding(ctx, i.ID, made.ID, func(b *binding) { b.State, b.Operation = made.State, made.Operation }); err != nil {
		return err
	}
	if made.Operation == nil {
		return s.printBinding(shown, i, *made, &openbroker.GetBindingResponse{
			Metadata: response.Metadata, Credentials: response.Credentials, SyslogDrainURL: response.SyslogDrainURL,
			RouteServiceURL: response.RouteServiceURL, VolumeMounts: response.VolumeMounts, Endpoints: response.Endpoints,
		})
	}
	if !f.wait {
		s.note("accepted; to wait for it: %s", s.commandLine("operation %s %s --wait", quote(i.Name), quote(name)))
		return s.printBinding(shown, i, *made, nil)
	}
	if err := s.finishBinding(ctx, f, i, *made); err != nil {
		return err
	}
	made.State, made.Operation = stateReady, nil
	return s.fetchBinding(ctx, shown, i, *made)
}

func (s *session) bindFailed(ctx context.Context, i instance, made binding, displaced string, err error) error {
	var silent *client.TransportError
	_, orphan := client.OrphanOf(err)
	if orphan || errors.As(err, &silent) && !silent.Refused || ctx.Err() != nil {
		kept := s.keepBinding(ctx, i.ID, made.ID, func(b *binding) { b.State, b.Description = stateUnclear, "the broker's response is missing or unclear" })
		return errors.Join(refused(err, "the broker may have created the binding; to delete it: "+s.commandLine("unbind %s %s --force", quote(i.Name), quote(made.Name))), kept)
	}
	kept := s.keepInstance(ctx, i.ID, func(i *instance) {
		i.remove(made.ID)
		if before := i.binding(displaced); displaced != "" && before != nil {
			before.Name = made.Name
		}
	})
	if kept != nil {
		return kept
	}
	return s.explain(err)
}

// finishBinding waits for the pending operation of a binding and records the result.
func (s *session) finishBinding(ctx context.Context, f *waitFlags, i instance, b binding) error {
	o := *b.Operation
	err := s.await(ctx, f, o, i.Name+"/"+b.Name, s.commandLine("operation %s %s --wait", quote(i.Name), quote(b.Name)))
	return errors.Join(err, s.concludeBinding(ctx, i.ID, b.ID, o, err))
}

func (s *session) concludeBinding(ctx context.Context, instanceID, id string, o client.Operation, err error) error {
	var failed *client.OperationError
	if err != nil && !errors.As(err, &failed) {
		return nil
	}
	return s.keepInstance(ctx, instanceID, func(i *instance) {
		b := i.binding(id)
		switch {
		case b == nil:
			return
		case err == nil && o.Kind == client.KindUnbind:
			i.remove(id)
			return
		case err == nil:
			b.State, b.Description = stateReady, ""
		default:
			b.State, b.Description = stateFailed, string(o.Kind)+" failed: "+failed.Description
		}
		b.Operation = nil
	})
}

func (p *program) newUnbind() *cobra.Command {
	f := &deleteFlags{}
	command := &cobra.Command{
		Use:     "unbind INSTANCE NAME",
		Aliases: []string{"delete-service-key"},
		Short:   "Delete a binding",
		Example: "  openbroker unbind orders app --wait",
		Args:    exactly(2, "INSTANCE NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			return s.unbind(ctx, f, args[0], args[1])
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames, bindingNames),
	}
	f.add(command)
	return command
}

func (s *session) unbind(ctx context.Context, f *deleteFlags, instanceName, name string) error {
	if err := f.check(); err != nil {
		return err
	}
	i, err := s.resolveInstance(ctx, f, instanceName)
	if err != nil {
		return err
	}
	b, err := s.findBinding(i, name)
	if err != nil {
		if f.service == "" || f.plan == "" {
			return err
		}
		b = binding{Name: name, ID: name, State: stateUnclear}
	}
	r := &openbroker.UnbindRequest{InstanceID: i.ID, BindingID: b.ID, ServiceID: i.ServiceID, PlanID: i.PlanID, AcceptsIncomplete: !f.sync}
	response, err := s.client.Unbind(ctx, r)
	switch {
	case f.force && isMissing(err):
	case err != nil:
		return s.explain(err)
	case response.Outcome == openbroker.Accepted:
		operation := client.UnbindOperation(r, response)
		b.State, b.Operation = stateDeleting, &operation
		err := s.keepBinding(ctx, i.ID, b.ID, func(kept *binding) { kept.State, kept.Operation, kept.Description = b.State, b.Operation, "" })
		if err != nil {
			return err
		}
		if !f.wait {
			s.note("accepted; to wait for it: %s", s.commandLine("operation %s %s --wait", quote(i.Name), quote(b.Name)))
			return s.printBinding(&secretFlags{}, i, b, nil)
		}
		if err := s.finishBinding(ctx, &f.waitFlags, i, b); err != nil {
			return err
		}
	}
	if err := s.keepInstance(ctx, i.ID, func(kept *instance) { kept.remove(b.ID) }); err != nil {
		return err
	}
	b.State, b.Operation = "deleted", nil
	return s.printBinding(&secretFlags{}, i, b, nil)
}
