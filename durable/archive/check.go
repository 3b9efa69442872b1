package archive

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// A checker refuses items that no store exports, and items out of order. The
// importing store checks that each binding and operation has its instance.
type checker struct {
	section int
	key     durable.Key
	name    string
	auditID string
	batch   admin.AuditBatch
}

const (
	inSettings = iota
	inInstances
	inBindings
	inOperations
	inAudit
	inBatches
)

func (c *checker) item(item admin.ExportItem) error {
	var section int
	var err error
	switch {
	case item.Setting != nil:
		section, err = inSettings, c.setting(item.Setting)
	case item.Instance != nil:
		c.enter(inInstances)
		section, err = inInstances, c.instance(item.Instance)
	case item.Binding != nil:
		c.enter(inBindings)
		section, err = inBindings, c.binding(item.Binding)
	case item.Operation != nil:
		section, err = inOperations, checkOperation(item.Operation)
	case item.Audit != nil:
		section, err = inAudit, c.audit(item.Audit)
	case item.Batch != nil:
		section, err = inBatches, c.auditBatch(item.Batch)
	}
	if section < c.section {
		return errors.New("it is out of order")
	}
	c.section = section
	return err
}

// enter resets the last key at the start of a later section.
func (c *checker) enter(section int) {
	if section > c.section {
		c.key = durable.Key{}
	}
}

func (c *checker) setting(s *admin.Setting) error {
	if s.Name <= c.name {
		return errors.New("the setting is out of order, has no name, or is a duplicate")
	}
	c.name = s.Name
	return texts(s.Name)
}

func (c *checker) instance(r *durable.InstanceRecord) error {
	if err := c.follows(r.Key, r.Key.InstanceID); err != nil {
		return err
	}
	return errors.Join(
		oneOf("status", r.Status, durable.StatusCreating, durable.StatusReady, durable.StatusUpdating, durable.StatusDeleting, durable.StatusCreateFailed, durable.StatusDeleted),
		positive("revision", r.Revision), texts(r.ServiceID, r.PlanID),
		times(r.CreatedAt, r.UpdatedAt))
}

func (c *checker) binding(r *durable.BindingRecord) error {
	if err := c.follows(r.Key, r.Key.BindingID); err != nil {
		return err
	}
	return errors.Join(
		oneOf("status", r.Status, durable.StatusCreating, durable.StatusReady, durable.StatusDeleting, durable.StatusCreateFailed, durable.StatusDeleted),
		texts(r.ServiceID, r.PlanID), times(r.CreatedAt, r.UpdatedAt), optionalTimes(r.ExpiresAt))
}

// follows returns an error unless keys increase, which excludes duplicates.
func (c *checker) follows(key durable.Key, id string) error {
	if id == "" {
		return errors.New("the record has no id")
	}
	if compareKeys(c.key, key) >= 0 {
		return errors.New("the record is out of order, or is a duplicate")
	}
	c.key = key
	return texts(key.Platform, key.InstanceID, key.BindingID)
}

func compareKeys(a, b durable.Key) int {
	return cmp.Or(strings.Compare(a.Platform, b.Platform), strings.Compare(a.InstanceID, b.InstanceID), strings.Compare(a.BindingID, b.BindingID))
}

func checkOperation(o *admin.ExportedOperation) error {
	if o.ID == "" || o.Key.InstanceID == "" {
		return errors.New("the operation has no id")
	}
	ofBinding := o.Kind == durable.KindBind || o.Kind == durable.KindUnbind
	switch {
	case ofBinding != (o.Key.BindingID != ""):
		return errors.New("the kind of the operation does not fit its key: only a bind or an unbind has a binding")
	case o.Ended() == o.FinishedAt.IsZero():
		return errors.New("the state of the operation does not fit its end time")
	case !o.Ended() && !o.DeliveredAt.IsZero():
		return errors.New("the operation has not ended, but its result was delivered")
	case o.Parallel && (!ofBinding || o.State != durable.OperationActive):
		return errors.New("the operation cannot be parallel: only an active bind or unbind can")
	case o.Generation < 0 || o.Attempt < 0 || o.Failures < 0 || int64(o.Attempt) > maxCount || int64(o.Failures) > maxCount:
		return errors.New("a count of the operation is out of range")
	}
	if o.Audit != nil {
		if err := checkEntry(o.Audit); err != nil {
			return err
		}
		if o.Audit.Act.ID != o.ID {
			return errors.New("the entry of the audit trail is that of another operation")
		}
	}
	return errors.Join(
		oneOf("kind", o.Kind, durable.KindProvision, durable.KindUpdate, durable.KindDeprovision, durable.KindBind, durable.KindUnbind),
		oneOf("state", o.State, durable.OperationActive, durable.OperationCancelling, durable.OperationSucceeded, durable.OperationFailed),
		texts(o.ID, o.Key.Platform, o.Key.InstanceID, o.Key.BindingID, o.Description),
		times(o.CreatedAt, o.UpdatedAt), optionalTimes(o.NotBefore, o.Deadline, o.FinishedAt, o.DeliveredAt))
}

// maxCount is the largest count that every store supports.
const maxCount = 1<<31 - 1

func (c *checker) audit(r *audit.Record) error {
	if r.Act.ID <= c.auditID {
		return errors.New("the entry is out of order, or is a duplicate")
	}
	c.auditID = r.Act.ID
	return checkEntry(r)
}

func checkEntry(r *audit.Record) error {
	e, err := r.Entry()
	switch {
	case err != nil:
		return err
	case e.ID != r.Act.ID:
		return errors.New("the entry of the audit trail has another id than its document")
	case r.Seq < 0 || (r.Chain == "") != (r.Seq == 0):
		return errors.New("the entry of the audit trail has no chain, or a wrong number in it")
	}
	return texts(r.Chain, string(r.Document), string(r.Names))
}

func (c *checker) auditBatch(b *admin.AuditBatch) error {
	if b.Chain < c.batch.Chain || b.Chain == c.batch.Chain && b.Seq <= c.batch.Seq {
		return errors.New("the batch of the audit trail is out of order, or is a duplicate")
	}
	c.batch = *b
	if b.Entries < 0 || int64(b.Entries) > maxCount {
		return errors.New("a count of the batch is out of range")
	}
	return errors.Join(positive("number of the batch", b.Seq), times(b.At), texts(b.Chain))
}

func oneOf[T ~string](field string, value T, allowed ...T) error {
	if !slices.Contains(allowed, value) {
		return fmt.Errorf("the %s %q is unknown", field, value)
	}
	return nil
}

func positive(field string, value int64) error {
	if value < 1 || value == 1<<63-1 {
		return fmt.Errorf("the %s %d is out of range", field, value)
	}
	return nil
}

// texts refuses texts that a store cannot keep unchanged.
func texts(values ...string) error {
	for _, v := range values {
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return errors.New("a text has characters that cannot be stored")
		}
	}
	return nil
}

var latest = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// times refuses times that a store cannot keep. A store keeps microseconds from 1970
// to 9999.
func times(values ...time.Time) error {
	for _, v := range values {
		if v.UnixMicro() <= 0 || v.After(latest) || v.Nanosecond()%1000 != 0 {
			return errors.New("a time is missing or out of range")
		}
	}
	return nil
}

func optionalTimes(values ...time.Time) error {
	return times(slices.DeleteFunc(values, time.Time.IsZero)...)
}
