package platform

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
)

type rotateFlags struct {
	common
	waitFlags
	secretFlags
}

func (p *program) newRotate() *cobra.Command {
	f := &rotateFlags{}
	command := &cobra.Command{
		Use:   "rotate INSTANCE NAME",
		Short: "Replace a binding by one with new credentials",
		Long: `Create the successor of a binding (predecessor_binding_id). The new binding takes the
name. The old one becomes NAME.1 (or .2 and so on) and stays valid until it is deleted
or expires, so that applications have time to switch.`,
		Example: "  openbroker rotate orders app --wait\n  openbroker unbind orders app.1",
		Args:    exactly(2, "INSTANCE NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			i, err := s.findInstance(args[0])
			if err != nil {
				return err
			}
			before, err := s.findBinding(i, args[1])
			if err != nil {
				return err
			}
			displaced := ""
			for n := 1; displaced == "" || i.binding(displaced) != nil; n++ {
				displaced = fmt.Sprintf("%s.%d", before.Name, n)
			}
			r := &openbroker.BindRequest{
				InstanceID: i.ID, BindingID: uuid.NewString(), PredecessorBindingID: before.ID, AcceptsIncomplete: !f.sync,
			}
			if err := s.makeBinding(ctx, &f.waitFlags, &f.secretFlags, i, before.Name, r, displaced); err != nil {
				return err
			}
			s.note("the old binding is now %s; delete it when it is no longer used: %s", displaced, s.commandLine("unbind %s %s", quote(i.Name), quote(displaced)))
			return nil
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames, bindingNames),
	}
	f.common.add(command)
	f.waitFlags.add(command)
	f.secretFlags.add(command)
	return command
}
