package operate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/durable/audit"
)

func newAdminAuditVerify(flags *adminFlags) *cobra.Command {
	var format output.Flag
	var heads string
	command := &cobra.Command{
		Use: "verify", Short: "Check that no entry of the audit trail was changed or removed", Args: cobra.NoArgs,
		Long: `Check the hash chains of the audit trail: that no entry and no name was changed, and
that none is missing. A chain cannot show that its end was cut off: --heads names a file
with heads that were kept outside the store, such as the log of the broker or the file of
audit.file, and the command checks that the store has them.

It exits with 1 if it finds a fault, and prints the heads of the chains: keep them.`,
		Example: "  openbroker admin audit verify --heads /var/log/openbroker.log",
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			return flags.with(ctx, false, func(a *administration) error { return verifyAudit(ctx, a, flags, heads, format.Format) })
		}),
	}
	command.Flags().StringVar(&heads, "heads", "", "`FILE` with heads: lines with chain, seq and hash, as JSON or as name=value; others are ignored")
	format.Add(command, output.Text, output.JSON, output.YAML)
	return command
}

func verifyAudit(ctx context.Context, a *administration, flags *adminFlags, file string, format output.Format) error {
	var seen []audit.Head
	if file != "" {
		var err error
		if seen, err = readHeads(file); err != nil {
			return err
		}
	}
	found, err := a.VerifyAudit(ctx, seen)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, fault := range found.Faults {
		fmt.Fprintf(&text, "chain %s, batch %d", fault.Chain, fault.Seq)
		if fault.ID != "" {
			fmt.Fprintf(&text, ", entry %s", fault.ID)
		}
		fmt.Fprintf(&text, ": %s\n", fault.Problem)
	}
	if len(found.Faults) == 0 {
		fmt.Fprintf(&text, "ok: %d entries in %d chains, %d without their names\n", found.Entries, len(found.Heads), found.Erased)
	}
	if found.Unchained > 0 {
		fmt.Fprintf(&text, "%d entries are from before there were chains, and cannot be verified\n", found.Unchained)
	}
	for _, seal := range found.Seals {
		fmt.Fprintf(&text, "seal %s of %s: %d entries were deleted: %s\n", seal.ID, moment(seal.At), seal.Count, output.Cell(seal.Reason))
	}
	for _, loss := range found.Losses {
		fmt.Fprintf(&text, "%s %s of %s, %s: later entries were lost\n", loss.Action, loss.ID, moment(loss.At), output.Cell(loss.Reason))
	}
	for _, head := range found.Heads {
		fmt.Fprintf(&text, "chain=%s seq=%d hash=%s\n", head.Chain, head.Seq, head.Hash)
	}
	result := output.Result{Value: found, Text: text.String()}
	if err := result.Print(flags.stdout, format); err != nil {
		return err
	}
	if n := len(found.Faults); n > 0 {
		return fmt.Errorf("the audit trail is broken in %d places: compare it with a backup, and with the file of audit.file", n)
	}
	return nil
}

// headText is a head in a log of name=value pairs.
var headText = regexp.MustCompile(`\bchain=(\S+) seq=(\d+) hash=([0-9a-f]{64})\b`)

// readHeads reads the heads in a file.
func readHeads(name string) (heads []audit.Head, err error) {
	file, err := os.Open(name) //nolint:gosec // The path is the operator's.
	if err != nil {
		return nil, fmt.Errorf("--heads: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := bufio.NewScanner(file)
	const longest = 1 << 20
	lines.Buffer(nil, longest)
	for lines.Scan() {
		var head audit.Head
		if json.Unmarshal(lines.Bytes(), &head) == nil && head.Chain != "" && head.Seq > 0 && len(head.Hash) > 0 {
			heads = append(heads, head)
			continue
		}
		m := headText.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		seq, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			continue
		}
		head = audit.Head{Chain: m[1], Seq: seq}
		if head.Hash.UnmarshalText([]byte(m[3])) == nil {
			heads = append(heads, head)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--heads %s: %w", name, err)
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("--heads %s: no line has chain, seq and hash: name a log of the broker, the file of audit.file, or what this command printed", name)
	}
	return heads, nil
}
