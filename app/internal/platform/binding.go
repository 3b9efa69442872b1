package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
)

// secretFlags decide whether credentials are printed.
type secretFlags struct{ show bool }

func (f *secretFlags) add(command *cobra.Command) {
	command.Flags().BoolVar(&f.show, "show-secrets", false, "print the credentials, not only their names and sizes")
}

// shownBinding is the printed form of a binding. Without --show-secrets it lists the
// sizes of credentials under another name, so that scripts do not mistake them for
// values.
type shownBinding struct {
	Name            string                      `json:"name"`
	ID              string                      `json:"id"`
	Instance        string                      `json:"instance"`
	State           string                      `json:"state"`
	Description     string                      `json:"description,omitempty"`
	Operation       string                      `json:"operation,omitempty"`
	Credentials     openbroker.Credentials      `json:"credentials,omitempty"`
	Sizes           map[string]int              `json:"credential_sizes,omitempty"`
	Metadata        *openbroker.BindingMetadata `json:"metadata,omitempty"`
	SyslogDrainURL  string                      `json:"syslog_drain_url,omitempty"`
	RouteServiceURL string                      `json:"route_service_url,omitempty"`
	VolumeMounts    []openbroker.VolumeMount    `json:"volume_mounts,omitempty"`
	Endpoints       []openbroker.Endpoint       `json:"endpoints,omitempty"`
}

func (s *session) printBinding(f *secretFlags, i instance, b binding, content *openbroker.GetBindingResponse) error {
	shown := shownBinding{Name: b.Name, ID: b.ID, Instance: i.Name, State: b.State, Description: b.Description}
	if b.Operation != nil {
		shown.Operation = b.Operation.Operation
	}
	rows := [][]string{{"name", b.Name}, {"id", b.ID}, {"instance", i.Name}, {"state", b.State}}
	if b.Description != "" {
		rows = append(rows, []string{"description", b.Description})
	}
	if content != nil {
		shown.Metadata, shown.VolumeMounts, shown.Endpoints = content.Metadata, content.VolumeMounts, content.Endpoints
		shown.RouteServiceURL = content.RouteServiceURL
		if f.show {
			shown.Credentials, shown.SyslogDrainURL = content.Credentials, content.SyslogDrainURL
		} else {
			shown.Sizes = map[string]int{}
		}
		if m := content.Metadata; m != nil && !m.ExpiresAt.IsZero() {
			rows = append(rows, []string{"expires", m.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z")})
		}
		for _, key := range slices.Sorted(maps.Keys(content.Credentials)) {
			text := plain(content.Credentials[key])
			if !f.show {
				shown.Sizes[key] = utf8.RuneCountInString(text)
				text = strconv.Itoa(shown.Sizes[key]) + " characters"
			}
			rows = append(rows, []string{"credentials." + key, text})
		}
	}
	return s.print(s.common.format, output.Result{Value: shown, Names: []string{b.Name}, Rows: rows})
}

// plain returns a value for scripts: strings without quotes, other values as JSON.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}

type bindingFlags struct {
	common
	secretFlags
	attribute string
}

func (p *program) newBinding() *cobra.Command {
	f := &bindingFlags{}
	command := &cobra.Command{
		Use:     "binding INSTANCE NAME",
		Aliases: []string{"service-key"},
		Short:   "Show a binding, or one of its credentials",
		Example: `  openbroker binding orders app --show-secrets
  DATABASE_URL=$(openbroker binding orders app --attribute uri)`,
		Args: exactly(2, "INSTANCE NAME"),
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			i, err := s.findInstance(args[0])
			if err != nil {
				return err
			}
			b, err := s.findBinding(i, args[1])
			if err != nil {
				return err
			}
			if f.attribute != "" {
				return s.printAttribute(ctx, i, b, f.attribute)
			}
			return s.fetchBinding(ctx, &f.secretFlags, i, b)
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames, bindingNames),
	}
	f.common.add(command)
	f.secretFlags.add(command)
	command.Flags().StringVar(&f.attribute, "attribute", "", "print only the credential with this `KEY`; a.b is b inside of a")
	return command
}

func (s *session) getBinding(ctx context.Context, i instance, b binding) (*openbroker.GetBindingResponse, error) {
	content, err := s.client.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: i.ID, BindingID: b.ID, ServiceID: i.ServiceID, PlanID: i.PlanID})
	if err != nil {
		hint := s.advice(err)
		if errors.Is(err, openbroker.ErrBindingDoesNotExist) && b.Operation != nil {
			hint = "the binding is still " + b.State + ": " + s.commandLine("operation %s %s --wait", quote(i.Name), quote(b.Name))
		}
		return nil, refused(err, hint)
	}
	return content, nil
}

func (s *session) fetchBinding(ctx context.Context, f *secretFlags, i instance, b binding) error {
	content, err := s.getBinding(ctx, i, b)
	if err != nil {
		return err
	}
	return s.printBinding(f, i, b, content)
}

func (s *session) printAttribute(ctx context.Context, i instance, b binding, key string) error {
	content, err := s.getBinding(ctx, i, b)
	if err != nil {
		return err
	}
	value, found := attribute(content.Credentials, key)
	if !found {
		return &Error{
			Code: exitRefused, err: fmt.Errorf("the binding has no credential %q", key),
			Hint: "it has: " + strings.Join(slices.Sorted(maps.Keys(content.Credentials)), ", "),
		}
	}
	text := plain(value)
	if output.IsTerminal(s.Out) {
		text = output.Printable(text)
	}
	_, err = fmt.Fprintln(s.Out, text)
	return err
}

// attribute finds a value by its key, or by a path of keys with dots.
func attribute(credentials map[string]any, key string) (any, bool) {
	if value, found := credentials[key]; found {
		return value, true
	}
	for first, rest, found := strings.Cut(key, "."); found; {
		if inner, ok := credentials[first].(map[string]any); ok {
			return attribute(inner, rest)
		}
		var more string
		more, rest, found = strings.Cut(rest, ".")
		first += "." + more
	}
	return nil, false
}
