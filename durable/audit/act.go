package audit

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// An Action is what was done.
type Action string

// The actions of platforms have the names of the operations that they request.
const (
	ActionProvision   Action = "provision"
	ActionUpdate      Action = "update"
	ActionDeprovision Action = "deprovision"
	ActionBind        Action = "bind"
	ActionUnbind      Action = "unbind"
	// ActionReadCredentials is a response with the credentials of a binding.
	ActionReadCredentials Action = "read credentials"
	// ActionLogIn is a login. Only failed ones are recorded.
	ActionLogIn Action = "log in"
)

// The actions of operators, and of the trail itself.
const (
	ActionRetry  Action = "retry"
	ActionCancel Action = "cancel"
	ActionFail   Action = "fail"
	ActionForget Action = "forget"
	// ActionErase erases the names of an entry.
	ActionErase Action = "erase names"
	// ActionLose says that entries were lost, because the store was away for long.
	ActionLose Action = "lose entries"
	// ActionSeal says that older entries were deleted. It has the last head of each chain
	// whose beginning is missing since.
	ActionSeal Action = "seal"
	// ActionReseal encrypts all records with the primary key.
	ActionReseal Action = "reseal"
	// ActionExport and ActionBackUp copy all records to a file, and ActionImport fills an
	// empty store from one.
	ActionExport Action = "export"
	ActionBackUp Action = "back up"
	ActionImport Action = "import"
	// ActionRestore replaces the records by those of a backup, and ActionAdopt accepts them
	// although acknowledged changes are missing. Both begin a chain.
	ActionRestore Action = "restore"
	ActionAdopt   Action = "adopt"
	// ActionBeginChain begins a chain. It has the heads of the other chains.
	ActionBeginChain Action = "begin chain"
)

// Actions returns all actions.
func Actions() []Action {
	return []Action{
		ActionProvision, ActionUpdate, ActionDeprovision, ActionBind, ActionUnbind, ActionReadCredentials, ActionLogIn,
		ActionRetry, ActionCancel, ActionFail, ActionForget, ActionErase, ActionSeal, ActionReseal,
		ActionExport, ActionBackUp, ActionImport, ActionRestore, ActionAdopt, ActionLose, ActionBeginChain,
	}
}

// An Outcome says what became of an act when it was recorded. How an operation ended is
// in the record of the operation.
type Outcome string

const (
	// OutcomeAccepted means that an operation began.
	OutcomeAccepted Outcome = "accepted"
	// OutcomeRefused means that nothing was changed.
	OutcomeRefused Outcome = "refused"
	// OutcomeRepeated means that the request repeats an earlier one, and changed nothing.
	OutcomeRepeated Outcome = "repeated"
	// OutcomeDone means that the act is complete.
	OutcomeDone Outcome = "done"
)

// An Act is the part of an entry that the chain covers.
type Act struct {
	// ID is that of the operation that the act began, or a new one. Later entries have
	// greater ids.
	ID string `json:"id"`
	// At is the time by the clock of the process that wrote the entry.
	At      time.Time `json:"at"`
	Action  Action    `json:"action"`
	Outcome Outcome   `json:"outcome"`
	// Status and Error are the HTTP status and the error code of a refusal
	// (spec.md, "Service Broker Errors").
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
	// Reason is why an operator or the broker itself acted, in their words.
	Reason string `json:"reason,omitempty"`

	Platform   string `json:"platform,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
	BindingID  string `json:"binding_id,omitempty"`
	ServiceID  string `json:"service_id,omitempty"`
	PlanID     string `json:"plan_id,omitempty"`
	// Operation is the operation that an operator changed or retried, and Begun the one
	// that began with the act.
	Operation string `json:"operation,omitempty"`
	Begun     string `json:"begun_operation,omitempty"`
	// The statuses are those of the instance or binding, the states those of Operation,
	// before and after an intervention.
	StatusBefore string `json:"status_before,omitempty"`
	StatusAfter  string `json:"status_after,omitempty"`
	StateBefore  string `json:"state_before,omitempty"`
	StateAfter   string `json:"state_after,omitempty"`

	// RequestIdentity is the header X-Broker-API-Request-Identity.
	RequestIdentity string `json:"request_identity,omitempty"`
	// Count is how many acts the entry stands for, if more than one: failed logins are
	// recorded one by one only up to a rate.
	Count int `json:"count,omitempty"`
	// Heads are those of the other chains when a chain began, or of what was sealed.
	Heads []Head `json:"heads,omitempty"`
	// NamesSHA256 is the hash of the names, in hexadecimal, or empty without names.
	NamesSHA256 string `json:"names_sha256,omitempty"`
}

// Names are the part of an entry that can be erased.
type Names struct {
	// Actor is the principal of a platform, an operator, or the broker itself.
	Actor string `json:"actor,omitempty"`
	// Method is how the actor logged in, such as "basic".
	Method string `json:"method,omitempty"`
	// User is the user of the platform who caused the request, and UserPlatform the
	// platform that says so (spec.md, "Originating Identity").
	User         *User  `json:"user,omitempty"`
	UserPlatform string `json:"user_platform,omitempty"`
	// Address is where a failed login came from.
	Address string `json:"address,omitempty"`
	// Salt makes it impossible to find erased names by trying.
	Salt string `json:"salt,omitempty"`
}

// A User is a user of a platform.
type User struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// An Entry is an entry as a reader sees it.
type Entry struct {
	Act
	Names
	// Erased says that the names were erased.
	Erased bool `json:"names_erased,omitempty"`
	// Chain and Seq are the batch that the entry belongs to. They are empty for entries
	// from before there were chains.
	Chain string `json:"chain,omitempty"`
	Seq   int64  `json:"seq,omitempty"`
}

// A Record is an entry as a store keeps it.
type Record struct {
	// Act is the decoded Document, for the columns by which a store filters.
	Act Act
	// Document and Names are JSON. Names is nil if they were erased, or never given.
	Document, Names []byte
	// Chain and Seq are set by the store.
	Chain string
	Seq   int64
}

// NewRecord encodes an entry. It sets act.NamesSHA256 and, if it is zero, act.At.
func NewRecord(act Act, names Names) (*Record, error) {
	if act.At.IsZero() {
		act.At = time.Now()
	}
	act.At = act.At.UTC().Truncate(time.Microsecond)
	r := &Record{}
	act.Reason, act.RequestIdentity = clean(act.Reason), clean(act.RequestIdentity)
	if names != (Names{}) {
		names.Actor = clean(names.Actor)
		names.Salt = rand.Text()
		var err error
		if r.Names, err = encode(names); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(r.Names)
		act.NamesSHA256 = hex.EncodeToString(sum[:])
	}
	var err error
	r.Act = act
	r.Document, err = encode(act)
	return r, err
}

// clean returns the text without the characters that databases cannot store.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// encode keeps the characters that JSON in HTML would escape.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode sets Act.
func (r *Record) Decode() error {
	e, err := r.Entry()
	r.Act = e.Act
	return err
}

// Entry decodes the record.
func (r *Record) Entry() (Entry, error) {
	e := Entry{Chain: r.Chain, Seq: r.Seq}
	if err := json.Unmarshal(r.Document, &e.Act); err != nil {
		return e, fmt.Errorf("audit: an entry of the chain %q is damaged: %w", r.Chain, err)
	}
	if r.Names == nil {
		e.Erased = e.NamesSHA256 != ""
		return e, nil
	}
	if err := json.Unmarshal(r.Names, &e.Names); err != nil {
		return e, fmt.Errorf("audit: the names of the entry %q are damaged: %w", e.ID, err)
	}
	e.Salt = ""
	return e, nil
}
