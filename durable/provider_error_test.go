package durable_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The methods of a nilError panic for a nil pointer.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// An unencodable value panics when it is encoded.
type unencodable struct{ *nilError }

func (u unencodable) MarshalJSON() ([]byte, error) { return []byte(u.text), nil }

// No value of a provider may end the process: it would end each process that
// resumes the operation, too.
func TestProviderReturnsTypedNil(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.provider.on(durable.KindProvision, "i", func(context.Context, *durable.Task) error {
			var err *nilError
			return err
		})
		a := r.provision("i", "plan-async", "")
		if s := r.poll("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
			t.Errorf("the operation is %s", s.text)
		}
		r.done("j", r.provision("j", "plan-async", ""))
	})
}

// An unencodableProvider binds with credentials that cannot be encoded.
type unencodableProvider struct{ *scripted }

func (unencodableProvider) Bind(context.Context, *durable.Task, durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{Credentials: openbroker.Credentials{"uri": unencodable{}}}, nil
}

func TestProviderReturnsUnencodable(t *testing.T) {
	t.Parallel()
	provider := newScripted()
	r := serve(t, openSQLite(t), newKeys(t), unencodableProvider{provider}, provider, nil)
	r.Start(t.Context())
	r.done("i", r.provision("i", planID, ""))
	if a := r.bind("i", "b", planID, ""); a.status != http.StatusInternalServerError {
		t.Errorf("got %d %s", a.status, a.text)
	}
	r.done("j", r.provision("j", planID, ""))
}

// The deletion of a missing resource succeeds, with any error that providers return
// for it.
func TestDeletionOfMissingResource(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]error{
		"gone":                    openbroker.ErrGone,
		"instance does not exist": openbroker.ErrInstanceDoesNotExist,
		"binding does not exist":  openbroker.ErrBindingDoesNotExist,
		"wrapped 404":             errors.Join(errors.New("delete"), openbroker.NewError(http.StatusNotFound, "", "no such database")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, openSQLite(t), newKeys(t), newScripted(), nil)
			r.provider.fail(durable.KindDeprovision, "i", gone)
			r.provider.fail(durable.KindUnbind, "i/b", gone)
			r.done("i", r.provision("i", planID, ""))
			if a := r.bind("i", "b", planID, ""); a.status != http.StatusCreated {
				t.Fatalf("got %d %s", a.status, a.text)
			}
			if a := r.unbind("i", "b", planID); a.status != http.StatusOK {
				t.Errorf("unbind: got %d %s", a.status, a.text)
			}
			if a := r.deprovision("i", planID); a.status != http.StatusOK {
				t.Errorf("deprovision: got %d %s", a.status, a.text)
			}
			r.status("i", "", durable.StatusDeleted)
		})
	}
}
