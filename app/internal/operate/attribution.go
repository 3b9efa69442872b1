package operate

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// An attribution has the flags that say, for the audit trail, who acts, and why.
type attribution struct{ admin.Attribution }

// add adds the flags. reason describes that of the reason.
func (a *attribution) add(command *cobra.Command, reason string) {
	command.Flags().StringVar(&a.Reason, "reason", "", reason)
	command.Flags().StringVar(&a.Actor, "actor", "", "your name, for the audit trail (default the user of the operating system)")
}

// addOptional adds the flags to a command that often runs without a person, such as a
// backup each night.
func (a *attribution) addOptional(command *cobra.Command) {
	a.add(command, "the reason, for the audit trail")
	command.PreRunE = func(*cobra.Command, []string) error { return a.complete(false) }
}

// complete sets the actor if the flag is missing, and returns an error if the reason is
// missing and needed.
func (a *attribution) complete(needsReason bool) error {
	if needsReason && strings.TrimSpace(a.Reason) == "" {
		return errors.New("--reason is missing: say why, for the audit trail")
	}
	if a.Actor != "" {
		return nil
	}
	current, err := user.Current()
	if err != nil {
		return fmt.Errorf("find the user of the operating system: set your name with --actor: %w", err)
	}
	a.Actor = current.Username
	return nil
}

// record adds the entry of an act that is done to the audit trail. The file says what the
// act was done to, such as "to FILE".
func (a *attribution) record(ctx context.Context, store durable.Store, action admin.Action, file string) error {
	if err := admin.RecordAct(ctx, store, action, a.about(file)); err != nil {
		return fmt.Errorf("the command has done its work (%s), but the audit trail has no entry of it: %w", file, err)
	}
	return nil
}

// about returns the attribution with the file in its reason.
func (a *attribution) about(file string) admin.Attribution {
	by := a.Attribution
	if by.Reason = strings.TrimSpace(by.Reason); by.Reason == "" {
		by.Reason = file
	} else {
		by.Reason = file + ": " + by.Reason
	}
	return by
}
