package durable

import (
	"errors"
	"fmt"
	"time"

	"github.com/openbroker/openbroker"
)

// A Lifecycle has the rules by which an [Engine] changes records when operations
// begin and end. Package admin intervenes by the same rules.
type Lifecycle struct{ rules rules }

// NewLifecycle returns the rules of the engines that have this catalog and this
// configuration. It reports all of their problems. Without
// config.Sealer, the methods that encrypt or decrypt return an error.
func NewLifecycle(catalog *openbroker.Catalog, config Config) (*Lifecycle, error) {
	if catalog == nil {
		return nil, errors.New("durable: a catalog is needed")
	}
	if config.Sealer == nil {
		config.Sealer = noSealer{}
	}
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("durable: the configuration is invalid: %w", err)
	}
	l := &Lifecycle{}
	l.rules.config = config.withDefaults()
	if err := l.rules.setCatalog(catalog); err != nil {
		return nil, err
	}
	return l, nil
}

// Policy returns the policy of the plan of an instance, with all defaults.
func (l *Lifecycle) Policy(instance *InstanceRecord) Policy {
	_, plan := l.rules.lookUp(instance.ServiceID, instance.PlanID)
	return l.rules.config.policy(instance.PlanID, plan)
}

// Timeout returns how long an operation on the instance or a binding of it may
// take, all attempts together.
func (l *Lifecycle) Timeout(instance *InstanceRecord, o *OperationRecord) time.Duration {
	if o.Internal {
		return l.rules.config.CleanupTimeout
	}
	return l.Policy(instance).Deadline
}

// Fail returns the transition that ends an operation of the snapshot as failed. After
// the failure of a creation, Transition.Next is the clean-up, unless cleanup is
// CleanupManual. An empty cleanup selects the cleanup of the plan's policy. After the
// failure of another operation, the record has its previous status again. Fail returns
// an error if sealed data cannot be opened or sealed.
func (l *Lifecycle) Fail(s *Snapshot, o *OperationRecord, cleanup Cleanup) (Transition, error) {
	setDefault(&cleanup, l.Policy(s.Instance).Cleanup)
	var goal *operationGoal
	if o.Kind == KindDeprovision || o.Kind == KindUnbind {
		var err error
		if goal, err = l.rules.openOperation(o); err != nil {
			return Transition{}, err
		}
	}
	t, err := l.rules.afterFailure(o, s.Instance, s.Binding, goal.previous(), cleanup, nil)
	l.rules.refresh(t.Instance, t.Binding)
	return t, err
}

// CleanUp returns the transition that begins the clean-up of a failed creation. Its
// operation is internal, so platforms do not see it. It returns an error if data
// cannot be sealed.
func (l *Lifecycle) CleanUp(key Key) (Transition, error) {
	next, err := l.rules.cleanUp(key, nil)
	return Transition{Next: next}, err
}

// Delete returns the transition that begins to delete the instance or binding of
// the snapshot that key names, which exists. The platform sees the operation, and
// its delete request joins it. It returns an error if data cannot be sealed.
func (l *Lifecycle) Delete(s *Snapshot, key Key) (t Transition, err error) {
	t.setStatus(key, s.Instance, s.Binding, StatusDeleting)
	t.Next, err = l.rules.newOperation(newOperationID(), key, deletes(key), l.Policy(s.Instance), &operationGoal{Previous: StatusReady})
	l.rules.refresh(t.Instance, t.Binding)
	return t, err
}

// noSealer takes the place of a missing sealer.
type noSealer struct{}

var _ Sealer = noSealer{}

var errNoSealer = errors.New("the keyset of the stored data is needed, and is not configured")

// Seal returns an error.
func (noSealer) Seal(_, _ []byte) ([]byte, error) { return nil, errNoSealer }

// Open returns an error.
func (noSealer) Open(_, _ []byte) ([]byte, error) { return nil, errNoSealer }
