package durable

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// A Provider does the real work of a broker, with one method for each kind of
// operation.
//
// Every method must be idempotent: the engine calls it again, possibly in another
// process, when an attempt was interrupted or its outcome could not be recorded.
// Creating a resource that exists, or deleting one that is gone, is a success. Two
// attempts at one operation can overlap when a replica was paused for longer than
// its lease. [Task.Generation] grows with each attempt, for services that can
// refuse older writers, and the engine ignores what an older attempt returns. A
// replica can even wake up after the operation has ended. To exclude that, let the
// service issue a token, keep it with [Task.Save], which fails for such an attempt,
// and write only afterwards.
//
// The context ends when the operation is cancelled, exceeds its deadline, or moves
// to another replica: return then. [GivenUp] reports whether anybody continues it.
// Parameters come from the user; only the schema of the plan has checked them.
//
// An [*openbroker.Error] reaches the platform as it is. [Retryable] asks for another
// attempt. Any other error fails the operation with a generic text, and only the log
// has the error. Four errors lead to another attempt and do not count as failed
// attempts: [Unreachable] ones, an error of [Task.Save], a lack of file descriptors or
// disk space (EMFILE, ENFILE, ENOSPC) in the provider, and [ErrProviderMissing].
// Deprovision and Unbind are repeated after any error except an [*openbroker.Error]
// with a 4xx status.
//
// The interface can get more methods before version 1. Embed
// [UnimplementedProvider], which gets them too.
type Provider interface {
	// Provision creates the instance (spec.md, "Provisioning").
	Provision(ctx context.Context, task *Task, instance Instance) (ProvisionResult, error)
	// Update changes the instance from previous to instance (spec.md, "Updating a
	// Service Instance"). After an error the instance counts as unchanged.
	Update(ctx context.Context, task *Task, instance, previous Instance) (UpdateResult, error)
	// Deprovision deletes the instance, even if its Provision never began or stopped
	// half-way (spec.md, "Deprovisioning").
	Deprovision(ctx context.Context, task *Task, instance Instance) error
	// Bind creates the binding (spec.md, "Binding").
	Bind(ctx context.Context, task *Task, binding Binding) (BindResult, error)
	// Unbind deletes the binding, even if its Bind never began or stopped half-way
	// (spec.md, "Unbinding").
	Unbind(ctx context.Context, task *Task, binding Binding) error
}

// A RequestChecker is a [Provider] that can refuse a request before the engine
// accepts it, for example because of its parameters or a quota. The request waits
// for its methods, so they must be quick. An error is the answer to the request, by
// the rules of [openbroker.Broker], and the engine records nothing.
type RequestChecker interface {
	Provider
	// CheckInstance checks a provision or, if previous is not nil, an update.
	CheckInstance(ctx context.Context, instance Instance, previous *Instance) error
	// CheckBinding checks a bind.
	CheckBinding(ctx context.Context, binding Binding) error
}

// A ResourceFinder is a [Provider] that can find the resource of an instance. The
// engine calls it before it accepts the creation of an instance that has no record
// or is recorded as deleted. It does not adopt a resource that exists: its data may
// belong to another user, whose record was lost with the store or deleted by an
// operator. The answer to the request is 409, and the engine neither records nor
// cleans up anything.
type ResourceFinder interface {
	Provider
	// ResourceExists reports whether the resource with the instance's
	// [Instance.ResourceName] exists. The request waits for it, so it must be quick.
	// An error is the answer to the request, by the rules of [openbroker.Broker].
	ResourceExists(ctx context.Context, instance Instance) (bool, error)
}

// A DashboardProvider is a [Provider] that knows the URL of an instance's dashboard
// before the instance exists. The specification requires the URL in the first
// response, even if that only accepts the operation (spec.md, "Provisioning").
type DashboardProvider interface {
	Provider
	// DashboardURL returns the URL, or an empty one for an instance without a
	// dashboard. The request waits for it, so it must be quick. An error is the
	// answer to the request, by the rules of [openbroker.Broker], and the engine
	// records nothing.
	DashboardURL(ctx context.Context, instance Instance) (string, error)
}

// A ResourceLister is a [Provider] that can list its resources, so that operators
// can find orphans: resources without a record, and records without a resource.
type ResourceLister interface {
	Provider
	// Resources yields the [Instance.ResourceName] of each instance that exists. It
	// ends after an error.
	Resources(ctx context.Context) iter.Seq2[string, error]
}

// An Instance is a service instance as a [Provider] sees it.
type Instance struct {
	// Platform and ID together identify the instance. See ResourceName.
	Platform  string
	ID        string
	ServiceID string
	PlanID    string
	// Service and Plan are nil if the catalog no longer has them.
	Service *openbroker.Service
	Plan    *openbroker.Plan
	// Context is the context of the provision request, or of the last update that had
	// one.
	Context          openbroker.PlatformContext
	OrganizationGUID string
	SpaceGUID        string
	// Parameters is the object of the provision request, or nil. The parameters of
	// updates are merged into it by top-level name. A [RequestPreparer] can replace it.
	Parameters openbroker.Parameters
	// GivenParameters are those of the requests, merged, also if a [RequestPreparer] has
	// replaced Parameters.
	GivenParameters openbroker.Parameters
	// MaintenanceInfo is the maintenance_info of the provision or of the last update,
	// or nil.
	MaintenanceInfo *openbroker.MaintenanceInfo
	// State is what Provision or Update returned last, or nil. It is stored
	// encrypted.
	State json.RawMessage
	// Provider is the name that [NamedProviders] had for the provider of the instance
	// when the engine accepted the creation. It is empty without NamedProviders.
	Provider string
	// PlanSettings are the settings that the plan has for the provider, or nil. Package
	// provider sets them, and its function Plan reads them.
	PlanSettings json.RawMessage
}

// ResourceName returns a name for the instance that is unique across platforms and
// always the same: "ob-" and 26 lower-case letters and digits, so that it can name a
// database, a directory or a host.
func (i Instance) ResourceName() string { return resourceName(i.Platform, i.ID) }

func resourceName(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write([]byte(part))
	}
	return "ob-" + strings.ToLower(base32.StdEncoding.EncodeToString(hash.Sum(nil))[:26])
}

// A Binding is a service binding as a [Provider] sees it.
type Binding struct {
	// Instance is the instance that the binding belongs to.
	Instance Instance
	ID       string
	// AppGUID and BindResource say what is bound. They are empty and nil for a
	// service key.
	AppGUID      string
	BindResource *openbroker.BindResource
	Context      openbroker.PlatformContext
	// Parameters is the object of the bind request, or nil. A [RequestPreparer] can
	// replace it.
	Parameters openbroker.Parameters
	// GivenParameters are those of the request, also if a [RequestPreparer] has replaced
	// Parameters.
	GivenParameters openbroker.Parameters
	// PredecessorID is the binding that this one replaces, or empty (spec.md,
	// "Binding Rotation"). A binding inherits the parameters of its predecessor
	// unless the request has its own.
	PredecessorID string
	// State is what Bind returned, or nil. It is stored encrypted.
	State json.RawMessage
}

// ResourceName returns a name for the binding, like [Instance.ResourceName].
func (b Binding) ResourceName() string {
	return resourceName(b.Instance.Platform, b.Instance.ID, b.ID)
}

// ProvisionResult is what [Provider.Provision] returns.
type ProvisionResult struct {
	// DashboardURL is sent only if the request still waits. See [DashboardProvider].
	DashboardURL string
	Metadata     *openbroker.InstanceMetadata
	// State is stored for later calls, as Instance.State. It must be JSON.
	State json.RawMessage
}

// UpdateResult is what [Provider.Update] returns. An empty field keeps the stored
// value.
type UpdateResult struct {
	DashboardURL string
	Metadata     *openbroker.InstanceMetadata
	State        json.RawMessage
}

// BindResult is what [Provider.Bind] returns. It is stored encrypted, and sent again
// when the request is repeated or the binding is fetched.
type BindResult struct {
	Credentials     openbroker.Credentials
	SyslogDrainURL  string
	RouteServiceURL string
	VolumeMounts    []openbroker.VolumeMount
	Endpoints       []openbroker.Endpoint
	// ExpiresAt and RenewBefore, unless zero, become the binding's metadata.
	ExpiresAt   time.Time
	RenewBefore time.Time
	// State is stored for Unbind, as Binding.State. It must be JSON.
	State json.RawMessage
}

// Retryable marks err as temporary: the engine makes another attempt after at least
// the given time, as often as the plan's [Policy] and the deadline of the operation
// allow. Retryable of nil is nil.
func Retryable(err error, after time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryable{err: err, after: max(after, 0)}
}

type retryable struct {
	err   error
	after time.Duration
}

func (r *retryable) Error() string { return r.err.Error() }
func (r *retryable) Unwrap() error { return r.err }

func asRetryable(err error) (*retryable, bool) {
	var found *retryable
	return found, errors.As(err, &found)
}
