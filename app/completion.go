package app

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/catalog/lint"
	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/simulator"
)

// completeFlags registers the completion of the values of flags. The usage of a flag
// decides: it names a FILE or a DIRECTORY, or lists the values.
func completeFlags(command *cobra.Command) {
	command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if flag.NoOptDefVal != "" {
			return // It takes no value.
		}
		// It fails if the flag has a completion already, which then stays.
		_ = command.RegisterFlagCompletionFunc(flag.Name, completionOf(command, flag))
	})
}

func completionOf(command *cobra.Command, flag *pflag.Flag) cobra.CompletionFunc {
	if values, found := flagValues[command.Name()+" --"+flag.Name]; found {
		return proposing(flag, values)
	}
	switch placeholder, usage := pflag.UnquoteUsage(flag); {
	case flag.Name == "store":
		return cobra.FixedCompletions([]cobra.Completion{"sqlite:", "postgres://"}, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace)
	case flag.Name == "listen":
		return cobra.FixedCompletions([]cobra.Completion{server.DefaultAddress, ":8080"}, cobra.ShellCompDirectiveNoFileComp)
	case placeholder == "DIRECTORY":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case placeholder == "FILE", placeholder == "PATH", strings.HasSuffix(placeholder, "=FILE"):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	default:
		return proposing(flag, func() []string { return enumerated(usage) })
	}
}

// flagValues returns the values of flags whose usage does not list them.
var flagValues = map[string]func() []string{
	"simulate --plans": simulator.PlanNames,
	"lint --disable": func() []string {
		var ids []string
		for _, rule := range lint.Rules() {
			ids = append(ids, rule.ID)
		}
		return ids
	},
	"check --only": checkIDs,
	"check --skip": checkIDs,
}

func checkIDs() []string {
	var ids []string
	for _, check := range conformance.Checks() {
		ids = append(ids, check.ID)
	}
	return ids
}

// proposing proposes values. For a list that is separated by commas it completes the
// last item.
func proposing(flag *pflag.Flag, values func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := ""
		if flag.Value.Type() == "stringSlice" {
			before = begun[:strings.LastIndexByte(begun, ',')+1]
		}
		var proposed []cobra.Completion
		for _, value := range values() {
			if strings.HasPrefix(before+value, begun) {
				proposed = append(proposed, before+value)
			}
		}
		return proposed, cobra.ShellCompDirectiveNoFileComp
	}
}

var word = regexp.MustCompile(`^[a-z0-9-]+$`)

// enumerated returns the values that a usage lists after a colon, as in "the KIND:
// bind or unbind". It returns nil if there is no such list.
func enumerated(usage string) []string {
	_, list, found := strings.Cut(usage, ": ")
	if !found {
		return nil
	}
	list, _, _ = strings.Cut(list, " (")
	var values []string
	for item := range strings.SplitSeq(list, ", ") {
		first, last, isLast := strings.Cut(item, " or ")
		if rest, ok := strings.CutPrefix(item, "or "); ok {
			first, isLast = rest, true
		}
		for _, value := range []string{first, last} {
			if word.MatchString(value) {
				values = append(values, value)
			} else if value != "" {
				return nil // It is a sentence.
			}
		}
		if isLast {
			break
		}
	}
	return values
}
