package app

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/catalogs"
	"github.com/openbroker/openbroker/app/internal/check"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/operate"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/platform"
	providercommands "github.com/openbroker/openbroker/app/internal/providers"
	"github.com/openbroker/openbroker/app/internal/scaffold"
	"github.com/openbroker/openbroker/app/internal/serve"
	"github.com/openbroker/openbroker/provider"
)

// run runs the command and returns its exit code.
func run(ctx context.Context, p Program, providers *provider.Set, args []string, streams output.Streams) int {
	stdout, stderr := streams.Out, streams.Err
	root := &cobra.Command{
		Use:           p.Name,
		Short:         "Run service brokers of the Open Service Broker API",
		Version:       p.version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(explainFlag)
	root.AddCommand(serve.New(providers, p.build().Version, stdout, stderr), serve.NewSimulate(stdout, stderr), operate.NewAdmin(providers, stdout, stderr), operate.NewKeyset(providers, stdout, stderr), newConfig(providers, stdout, stderr), providercommands.New(providers, stdout, stderr)) //nolint:contextcheck // Commands get it from cobra.
	root.AddCommand(catalogs.NewLint(catalogs.Tool{Name: p.Name, Version: p.version()}, providers, stdout, stderr), check.New(p.version(), stdout, stderr), catalogs.NewDiff(providers, stdout), catalogs.NewDocs(stdout), newVersion(p, stdout))                                                 //nolint:contextcheck // Likewise.
	root.AddCommand(newMan(), scaffold.New(providers, stdout, stderr))                                                                                                                                                                                                                            //nolint:contextcheck // Likewise.
	root.AddCommand(platform.Commands(streams)...)                                                                                                                                                                                                                                                //nolint:contextcheck // Likewise.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	refine(root)
	command, err := root.ExecuteContextC(ctx)
	var failed *exit.Error
	var judged *exit.SilentError
	var asPlatform *platform.Error
	var interrupted *platform.Interrupted
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted):
		platform.Complain(stderr, interrupted)
		return interrupted.Die()
	case errors.As(err, &asPlatform):
		platform.Complain(stderr, asPlatform)
		return asPlatform.Code
	case errors.As(err, &judged):
		return judged.Code
	case errors.As(err, &failed):
		exit.Report(stderr, failed.Err)
		return max(failed.Code, exit.Failed)
	default:
		path := strings.TrimSuffix(command.CommandPath(), " help") // The help of help lists no commands.
		stderr.Complain("%s; see %s --help", exit.OneLine(err), path)
		return exit.Misuse
	}
}
