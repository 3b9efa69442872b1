package platform

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/openbroker/openbroker/app/internal/output"
)

type targetFlags struct {
	username, passwordFile string
	passwordStdin, remove  bool
	set                    target
	format                 output.Flag
}

func (p *program) newTarget() *cobra.Command {
	f := &targetFlags{}
	command := &cobra.Command{
		Use:   "target [NAME [URL]]",
		Short: "Choose the broker for the client commands",
		Long: `Without an argument, list the targets. With a name, choose a target. With a name and a
URL, add or change a target and choose it. The password is stored in the keyring of the
system, or without a keyring in a file that only you can read.

` + urlVariable + `, ` + usernameVariable + ` and ` + passwordVariable + ` name a broker without a target.`,
		Example: `  openbroker target local http://127.0.0.1:8080 --username openbroker --password-file openbroker-data/password
  openbroker target local
  openbroker target local --delete`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			switch {
			case f.remove && len(args) != 1:
				return usage("--delete takes the name of a target, and nothing else")
			case f.remove:
				return p.removeTarget(command.Context(), args[0])
			case len(args) == 0:
				return p.listTargets(f.format)
			case len(args) == 1:
				return p.useTarget(command.Context(), args[0])
			default:
				return p.setTarget(command.Context(), f, args[0], args[1])
			}
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return targetNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.username, "username", "", "log in as `USER`")
	flags.StringVar(&f.passwordFile, "password-file", "", "read the password from `FILE`")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from the standard input")
	flags.StringVar(&f.set.CAFile, "ca-file", "", "trust the certificates in `FILE`, in PEM, in place of those of the system")
	flags.StringVar(&f.set.CertFile, "client-cert", "", "log in with the client certificate in `FILE`, in PEM")
	flags.StringVar(&f.set.KeyFile, "client-key", "", "`FILE` with the key of the client certificate, in PEM")
	flags.StringVar(&f.set.Organization, "organization", "", "send `GUID` as the organization of instances")
	flags.StringVar(&f.set.Space, "space", "", "send `GUID` as the space of instances")
	flags.BoolVar(&f.remove, "delete", false, "delete the target and its password")
	addFormat(command, &f.format)
	return command
}

func (p *program) setTarget(ctx context.Context, f *targetFlags, name, address string) error {
	if err := checkName("target", name); err != nil {
		return err
	}
	t := f.set
	t.Name, t.Username = name, f.username
	if (t.CertFile == "") != (t.KeyFile == "") {
		return usage("a client certificate needs both --client-cert and --client-key")
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return usage("the URL of the broker is invalid: write it as https://HOST:PORT")
	}
	if parsed.User != nil {
		if t.Username != "" {
			return usage("the URL and --username both have a user name: use one of them")
		}
		t.Username = parsed.User.Username()
		t.Password, _ = parsed.User.Password()
		parsed.User = nil
	}
	t.URL = parsed.String()
	for _, path := range [...]*string{&t.CAFile, &t.CertFile, &t.KeyFile} {
		if *path != "" {
			if *path, err = filepath.Abs(*path); err != nil {
				return usage("%w", err)
			}
		}
	}
	if t.Username != "" && t.Password == "" {
		if t.Password, err = p.askPassword(f); err != nil {
			return err
		}
	}
	if _, err := t.connect(); err != nil {
		return err
	}
	file, err := targetsFile()
	if err != nil {
		return err
	}
	if t.Password != "" {
		password := t.Password
		t.PasswordIn, t.Password = "keyring", ""
		if err := newVault().set(t.account(), password); err != nil {
			t.PasswordIn, t.Password = "file", password
			p.note("the password is in %s, which only you can read: %v", file.path, err)
		}
	}
	return asRefusal(file.change(ctx, func(all *targets) error {
		all.Version, all.Current = 1, name
		if before := all.find(name); before != nil {
			*before = t
		} else {
			all.Targets = append(all.Targets, t)
		}
		return nil
	}))
}

func asRefusal(err error) error {
	if err == nil {
		return nil
	}
	return refused(err, "")
}

// askPassword reads a password from the flags or the environment, or asks for it.
func (p *program) askPassword(f *targetFlags) (string, error) {
	var text string
	switch {
	case f.passwordFile != "" && f.passwordStdin:
		return "", usage("--password-file and --password-stdin exclude each other: use one of them")
	case f.passwordFile != "":
		content, err := os.ReadFile(f.passwordFile)
		if err != nil {
			return "", usage("%w", err)
		}
		text = string(content)
	case f.passwordStdin:
		content, err := io.ReadAll(io.LimitReader(p.In, 1<<16))
		if err != nil {
			return "", usage("read the password: %w", err)
		}
		text = string(content)
	case os.Getenv(passwordVariable) != "":
		text = os.Getenv(passwordVariable)
	default:
		file, ok := p.In.(*os.File)
		if !ok || !term.IsTerminal(int(file.Fd())) {
			return "", usage("the password is missing: use --password-file FILE or --password-stdin, or set %s", passwordVariable)
		}
		_, _ = fmt.Fprint(p.Err, "Password: ")
		content, err := term.ReadPassword(int(file.Fd()))
		_, _ = fmt.Fprintln(p.Err)
		if err != nil {
			return "", usage("read the password: %w", err)
		}
		text = string(content)
	}
	line, _ := bufio.NewReader(strings.NewReader(text)).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usage("the password is empty")
	}
	return line, nil
}

func (p *program) useTarget(ctx context.Context, name string) error {
	file, err := targetsFile()
	if err != nil {
		return err
	}
	return asRefusal(file.change(ctx, func(all *targets) error {
		if all.find(name) == nil {
			return &Error{Code: exitUsage, err: fmt.Errorf("the target %q does not exist", name), Hint: "add it: openbroker target " + quote(name) + " URL"}
		}
		all.Current = name
		return nil
	}))
}

func (p *program) removeTarget(ctx context.Context, name string) error {
	file, err := targetsFile()
	if err != nil {
		return err
	}
	var account string
	err = file.change(ctx, func(all *targets) error {
		found := all.find(name)
		if found == nil {
			return usage("the target %q does not exist", name)
		}
		kept, err := found.recordFile()
		if err != nil {
			return err
		}
		if made, err := kept.read(); err != nil || len(made.Instances) > 0 {
			return &Error{
				Code: exitUsage, err: fmt.Errorf("the target %q still has instances (%d)", name, len(made.Instances)),
				Hint: "openbroker instances --target " + quote(name) + " lists them; deprovision them first",
			}
		}
		if found.PasswordIn == "keyring" {
			account = found.account()
		}
		all.Targets = slices.DeleteFunc(all.Targets, func(t target) bool { return t.Name == name })
		if all.Current == name {
			all.Current = ""
		}
		return nil
	})
	if err == nil && account != "" {
		if err := newVault().remove(account); err != nil {
			p.note("the password is still in the keyring: %v", err)
		}
	}
	return asRefusal(err)
}

func (p *program) listTargets(f output.Flag) error {
	file, err := targetsFile()
	if err != nil {
		return err
	}
	all, err := file.read()
	if err != nil {
		return usage("%w", err)
	}
	type shown struct {
		Name       string `json:"name"`
		URL        string `json:"url"`
		Username   string `json:"username,omitempty"`
		PasswordIn string `json:"password_in,omitempty"`
		Current    bool   `json:"current"`
	}
	list := []shown{}
	r := output.Result{Title: []string{"NAME", "URL", "USER", "PASSWORD IN", "CURRENT"}}
	for _, t := range all.Targets {
		current := t.Name == all.Current
		list = append(list, shown{t.Name, t.URL, t.Username, t.PasswordIn, current})
		place := t.PasswordIn
		if place == "file" {
			place = file.path
		}
		mark := ""
		if current {
			mark = "*"
		}
		r.Names = append(r.Names, t.Name)
		r.Rows = append(r.Rows, []string{t.Name, t.URL, t.Username, place, mark})
	}
	r.Value = list
	return p.print(f, r)
}

func targetNames() []string {
	file, err := targetsFile()
	if err != nil {
		return nil
	}
	all, err := file.read()
	if err != nil {
		return nil
	}
	var names []string
	for _, t := range all.Targets {
		names = append(names, t.Name)
	}
	return names
}
