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

// A Provider does the real work of a broker, one method for each kind of
// operation.
//
// Every method must be idempotent: the engine calls it again, possibly in
// another process, when an attempt was interrupted or its outcome could not be
// recorded. To create what is there already, or to delete what is gone, is a
// success. Two attempts at one operation can overlap when a replica was paused
// for longer than its lease; [Task.Generation] grows with each attempt at the
// operation, for services that can refuse older writers. The engine ignores
// what an older attempt returns. A replica that was paused can even wake up
// when the operation has ended: whoever must exclude that lets the service give
// out a token, keeps it with [Task.Save], which fails for such an attempt, and
// writes only then.
//
// The context ends when the operation is cancelled, runs out of time, or is not
// this replica's any more: return then. Everything in the parameters is what
// the user asked for; nothing else has looked at it but the plan's schema.
//
// An [*openbroker.Error] reaches the platform as it is. [Retryable] asks for
// another attempt. Any other error fails the operation with a generic text and
// is only logged. What says nothing about the operation is another attempt that
// does not count: an error of [Task.Save], and a lack of file descriptors or of
// disk space (EMFILE, ENFILE, ENOSPC) that the provider met itself. Deprovision and Unbind are tried again after any error but an
// [*openbroker.Error] with a 4xx status.
type Provider interface {
	// Provision creates the instance (spec.md, "Provisioning").
	Provision(ctx context.Context, task *Task, instance Instance) (Provisioned, error)
	// Update makes the instance what it is to be; previous is what it was
	// (spec.md, "Updating a Service Instance"). After an error the instance
	// counts as unchanged.
	Update(ctx context.Context, task *Task, instance, previous Instance) (Updated, error)
	// Deprovision deletes the instance, also one whose Provision never began or
	// stopped half-way (spec.md, "Deprovisioning").
	Deprovision(ctx context.Context, task *Task, instance Instance) error
	// Bind creates the binding (spec.md, "Binding").
	Bind(ctx context.Context, task *Task, binding Binding) (Bound, error)
	// Unbind deletes the binding, also one whose Bind never began or stopped
	// half-way (spec.md, "Unbinding").
	Unbind(ctx context.Context, task *Task, binding Binding) error
}

// A Checker is a [Provider] that can refuse a request before it is accepted,
// for example because of its parameters or of a quota. It is asked on the
// request itself and must be quick. An error is the answer to the request, by
// the rules of [openbroker.Broker], and nothing is recorded.
type Checker interface {
	Provider
	// CheckInstance looks at a provision, or at an update if previous is not
	// nil.
	CheckInstance(ctx context.Context, instance Instance, previous *Instance) error
	// CheckBinding looks at a bind.
	CheckBinding(ctx context.Context, binding Binding) error
}

// An Exister is a [Provider] that can find the resource of an instance. It is
// asked before the creation of an id is accepted of which there is no record, or
// only that it was deleted. A resource that exists then is not adopted: its data
// may be those of somebody whose record was lost with the store, or forgotten
// with [Admin.Forget]. The request is answered with 409, nothing is recorded, and
// nothing is cleaned up.
type Exister interface {
	Provider
	// Exists reports whether there is the resource of an instance, named by
	// [Instance.ResourceName]. It must be quick. An error is the answer to the
	// request, by the rules of [openbroker.Broker].
	Exists(ctx context.Context, instance Instance) (bool, error)
}

// A Dashboarder is a [Provider] that knows the URL of an instance's dashboard
// before it is created: the specification demands it in the first response,
// also if that only accepts the operation.
type Dashboarder interface {
	Provider
	DashboardURL(instance Instance) string
}

// An Enumerator is a [Provider] that can list the resources it has, so that
// orphans can be found: resources without a record and records without a
// resource.
type Enumerator interface {
	Provider
	// Resources yields the [Instance.ResourceName] of each instance that
	// exists. After an error it yields nothing more.
	Resources(ctx context.Context) iter.Seq2[string, error]
}

// An Instance is a service instance as a [Provider] sees it.
type Instance struct {
	// Platform and ID name it together; see ResourceName.
	Platform  string
	ID        string
	ServiceID string
	PlanID    string
	// Service and Plan are nil if the catalog does not have them any more.
	Service *openbroker.Service
	Plan    *openbroker.Plan
	// Context is that of the last request.
	Context          openbroker.PlatformContext
	OrganizationGUID string
	SpaceGUID        string
	// Parameters is the object that the user asked for, updates merged into it
	// by top-level name, or nil.
	Parameters openbroker.Parameters
	// MaintenanceInfo is what the instance was created with or updated to, or
	// nil.
	MaintenanceInfo *openbroker.MaintenanceInfo
	// State is what Provision or Update returned last, or nil. It is kept
	// encrypted.
	State json.RawMessage
}

// ResourceName returns a name for the instance that is unique among platforms
// and the same each time: "ob-" and 26 lower-case letters and digits, so that it
// can name a database, a directory or a host.
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
	// Instance is the instance that it is a binding of.
	Instance Instance
	ID       string
	// AppGUID and BindResource say what it is for; empty and nil for a service
	// key.
	AppGUID      string
	BindResource *openbroker.BindResource
	Context      openbroker.PlatformContext
	// Parameters is the object that the user asked for, or nil.
	Parameters openbroker.Parameters
	// PredecessorID is the binding that this one replaces, or empty (spec.md,
	// "Binding Rotation"). Its parameters were inherited.
	PredecessorID string
	// State is what Bind returned, or nil. It is kept encrypted.
	State json.RawMessage
}

// ResourceName is [Instance.ResourceName] for a binding.
func (b Binding) ResourceName() string {
	return resourceName(b.Instance.Platform, b.Instance.ID, b.ID)
}

// Provisioned is what [Provider.Provision] returns.
type Provisioned struct {
	// DashboardURL is sent if the request still waits. See [Dashboarder].
	DashboardURL string
	Metadata     *openbroker.InstanceMetadata
	// State is kept for later calls, as Instance.State. It must be JSON.
	State json.RawMessage
}

// Updated is what [Provider.Update] returns. An empty field leaves what is
// there.
type Updated struct {
	DashboardURL string
	Metadata     *openbroker.InstanceMetadata
	State        json.RawMessage
}

// Bound is what [Provider.Bind] returns. It is kept encrypted and sent again
// when the request is repeated or the binding is fetched.
type Bound struct {
	Credentials     openbroker.Credentials
	SyslogDrainURL  string
	RouteServiceURL string
	VolumeMounts    []openbroker.VolumeMount
	Endpoints       []openbroker.Endpoint
	// ExpiresAt and RenewBefore, unless zero, go into the binding's metadata.
	ExpiresAt   time.Time
	RenewBefore time.Time
	// State is kept for Unbind, as Binding.State. It must be JSON.
	State json.RawMessage
}

// Retryable marks err as one that another attempt may not meet, after at least
// the given time. The engine makes as many attempts as the plan's [Policy]
// allows, within the deadline of the operation. A nil err is nil.
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
