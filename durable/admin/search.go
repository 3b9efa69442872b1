package admin

import (
	"cmp"
	"context"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

const (
	// SearchWindow is how many entries or operations a search looks at one by one. It is
	// bounded, because a filter that few match would otherwise read all of them.
	SearchWindow = 20_000
	// defaultLimit is the Limit of a filter that has none.
	defaultLimit = 100
)

// SearchAudit lists entries as [Admin.AuditTrail] does, but looks at the newest
// SearchWindow ones only if the store has no index for the filter. older is the Before with which the
// search goes on, and empty if there is nothing older.
func (a *Admin) SearchAudit(ctx context.Context, f AuditFilter) (entries []AuditEntry, older string, err error) {
	f.Limit = cmp.Or(f.Limit, defaultLimit)
	if f.scans() {
		if f.From, err = a.store.AuditWindow(ctx, f.end(), SearchWindow); err != nil {
			return nil, "", err
		}
		if !f.Since.IsZero() && f.From <= audit.IDAt(f.Since) {
			f.From = "" // The moment is the nearer bound.
		}
	}
	records, err := a.store.AuditTrail(ctx, f)
	if err != nil {
		return nil, "", err
	}
	entries = make([]AuditEntry, len(records))
	for i, r := range records {
		if entries[i], err = ReadAudit(r); err != nil {
			return nil, "", err
		}
	}
	if len(entries) == f.Limit {
		return entries, entries[len(entries)-1].ID, nil
	}
	return entries, f.From, nil
}

// scans says that the store finds the entries by reading all in the order of their ids.
func (f *AuditFilter) scans() bool {
	some := f.Platform + f.InstanceID + f.BindingID + f.OperationID + f.Actor + string(f.Outcome)
	return (some != "" || len(f.Actions) > 0) && (f.Platform == "" || f.InstanceID == "")
}

// end returns the id that all entries of the filter are less than, or "".
func (f *AuditFilter) end() string {
	if f.Until.IsZero() {
		return f.Before
	}
	until := audit.IDAt(f.Until)
	if f.Before != "" {
		return min(f.Before, until)
	}
	return until
}

// SearchOperations lists operations as [Admin.Operations] does, but looks at the newest
// SearchWindow ones only if the store has no index for the filter. older is the AfterID
// with which the search goes on, and empty if there is nothing older.
func (a *Admin) SearchOperations(ctx context.Context, f durable.Filter) (found []Operation, older string, err error) {
	f.Limit = cmp.Or(f.Limit, defaultLimit)
	indexed := f.InstanceID != "" || f.State != "" && f.State != durable.OperationSucceeded
	if !indexed && (f.Platform != "" || f.BindingID != "" || f.Kind != "" || f.State != "") {
		if f.FromID, err = a.store.OperationWindow(ctx, f.AfterID, SearchWindow); err != nil {
			return nil, "", err
		}
	}
	if found, err = a.Operations(ctx, f); err != nil {
		return nil, "", err
	}
	if len(found) == f.Limit {
		return found, found[len(found)-1].ID, nil
	}
	return found, f.FromID, nil
}
