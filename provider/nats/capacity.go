package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	client "github.com/nats-io/nats.go"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A store is what JetStream of a server has, and what accounts have reserved.
type store struct {
	Disabled bool `json:"disabled"`
	Config   struct {
		Memory int64 `json:"max_memory"`
		Disk   int64 `json:"max_storage"`
	} `json:"config"`
	Memory int64 `json:"reserved_memory"`
	Disk   int64 `json:"reserved_storage"`
}

// reserve refuses a plan whose reservation does not fit beside those of the other
// instances: the server would take the account, and JetStream would not answer. A server
// knows only the accounts that it has loaded, so the records count, too.
func (p *Provider) reserve(ctx context.Context, wanted, before PlanSettings, instance durable.Instance) error {
	if !wanted.jetStream() {
		return nil
	}
	var s store
	if err := p.link.request(ctx, subjectStore, nil, &s); err != nil {
		return fmt.Errorf("ask for the capacity of JetStream: %w", err)
	}
	if s.Disabled {
		return openbroker.NewError(http.StatusUnprocessableEntity, "", "The server has no JetStream, which the plan needs.")
	}
	disk, memory, err := p.reserved(ctx, instance)
	if err != nil {
		return err
	}
	disk, memory = max(disk, s.Disk-before.DiskBytes), max(memory, s.Memory-before.MemoryBytes)
	if wanted.DiskBytes > s.Config.Disk-disk || wanted.MemoryBytes > s.Config.Memory-memory {
		return openbroker.ErrServiceQuotaExceeded.WithDescription(
			"The server is full: the plan reserves %d bytes on disk and %d of memory, and %d and %d are left.",
			wanted.DiskBytes, wanted.MemoryBytes, max(0, s.Config.Disk-disk), max(0, s.Config.Memory-memory)).
			WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	return nil
}

// reserved is the sum of the plans of all other instances.
func (p *Provider) reserved(ctx context.Context, instance durable.Instance) (disk, memory int64, err error) {
	records, err := p.awaitRecords(ctx)
	if err != nil {
		return 0, 0, err
	}
	for other, err := range records.Instances(ctx) {
		if err != nil {
			return 0, 0, fmt.Errorf("the instances of the broker: %w", err)
		}
		if len(other.State) == 0 || other.ResourceName() == instance.ResourceName() {
			continue // It does not exist yet, or it is the one that is asked for.
		}
		a, err := p.describe(other)
		if err != nil {
			return 0, 0, err
		}
		disk, memory = disk+a.plan.DiskBytes, memory+a.plan.MemoryBytes
	}
	return disk, memory, nil
}

// fits refuses limits below what an account uses: the server would keep the data, and
// refuse to publish.
func (p *Provider) fits(ctx context.Context, a *account) error {
	var used struct {
		Disk   int64 `json:"storage"`
		Memory int64 `json:"memory"`
	}
	var refused *refusal
	err := p.link.request(ctx, fmt.Sprintf(subjectUsage, a.id), nil, &used)
	if errors.As(err, &refused) {
		return nil // The account has no JetStream, or the server none.
	}
	if err != nil {
		return fmt.Errorf("ask for the use of JetStream: %w", err)
	}
	if used.Disk > a.plan.DiskBytes || used.Memory > a.plan.MemoryBytes {
		return openbroker.ErrPlanQuotaExceeded.WithDescription(
			"The streams of the instance have %d bytes on disk and %d of memory, and the plan allows %d and %d: delete data, or keep the plan.",
			used.Disk, used.Memory, a.plan.DiskBytes, a.plan.MemoryBytes).WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	return nil
}

// purge deletes the streams of an account, also those that only the disk still has.
func (p *Provider) purge(ctx context.Context, id string) error {
	answer, err := p.link.ask(ctx, fmt.Sprintf(subjectPurge, id), nil)
	if errors.Is(err, client.ErrNoResponders) {
		return nil // The server has no JetStream.
	}
	if err != nil {
		return fmt.Errorf("purge the streams of the account: %w", err)
	}
	var response struct {
		Error *struct {
			Code        int    `json:"code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return errors.New("purge the streams of the account: the response is not JSON")
	}
	if response.Error != nil {
		return fmt.Errorf("purge the streams of the account: %w", &refusal{response.Error.Code, response.Error.Description})
	}
	return nil
}
