package durable

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/internal/document"
)

// fill sets every exported field inside v. Interfaces become numbers, because those
// must keep their digits.
func fill(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 2, 3, 4, 5, 6e8, time.UTC)))
		return
	case reflect.TypeFor[object](), reflect.TypeFor[json.RawMessage]():
		v.SetBytes(fmt.Appendf(nil, `{%q:1}`, name))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				fill(t, v.Field(i), field.Name)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fill(t, value, name)
		v.SetMapIndex(reflect.ValueOf("key of "+name).Convert(v.Type().Key()), value)
	case reflect.Interface:
		v.Set(reflect.ValueOf(json.Number("12345678901234567890")))
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	default:
		t.Fatalf("%s: teach fill about the kind %v", name, v.Kind())
	}
}

func filled[T any](t *testing.T) *T {
	t.Helper()
	value := new(T)
	fill(t, reflect.ValueOf(value).Elem(), "")
	return value
}

func stored[T any, D interface {
	*T
	document.Document
}](t *testing.T, d D,
) D {
	t.Helper()
	encoded, err := document.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	read := D(new(T))
	if err := document.Decode(encoded, read); err != nil {
		t.Fatal(err)
	}
	return read
}

// Every field of the types of the engine and of the API is stored and read again.
// This fails if a type gets a field that its document lacks. Then add the field to
// the document, to the conversions and to the golden file.
func TestEveryFieldIsStored(t *testing.T) {
	t.Parallel()
	same := func(want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(openbroker.Error{})); diff != "" {
			t.Errorf("%T is not read as it was stored (-want +got):\n%s", want, diff)
		}
	}
	instance := filled[instanceDetails](t)
	same(instance, instanceOf(stored(t, instance.document())))

	binding := filled[bindingDetails](t)
	binding.Bound.Parameters = nil // Those of the binding itself are stored.
	got, err := bindingOf(stored(t, binding.document()))
	if err != nil {
		t.Fatal(err)
	}
	same(binding, got)

	goal := filled[operationGoal](t)
	same(goal, operationOf(stored(t, goal.document())))

	failed := filled[openbroker.Error](t)
	failed.Header = nil // Headers belong to one answer.
	same(error(failed), readFailure(EncodeFailure(failed)).err())
}

// Storing a document adds nothing to it.
func TestNothingIsStored(t *testing.T) {
	t.Parallel()
	if got := instanceOf(stored(t, new(instanceDetails).document())); !reflect.DeepEqual(got, new(instanceDetails)) {
		t.Errorf("an empty instance is read as %+v", got)
	}
	for _, want := range []*bindingDetails{
		{},
		{Bound: &openbroker.GetBindingResponse{}},
		{Bound: &openbroker.GetBindingResponse{Credentials: openbroker.Credentials{}, Metadata: &openbroker.BindingMetadata{}}},
	} {
		if got, err := bindingOf(stored(t, want.document())); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v is read as %+v, %v", want, got, err)
		}
	}
	if got := operationOf(stored(t, new(operationGoal).document())); !reflect.DeepEqual(got, new(operationGoal)) {
		t.Errorf("an empty goal is read as %+v", got)
	}
}

func TestTimesOfABinding(t *testing.T) {
	t.Parallel()
	got, err := bindingOf(&document.Binding{Bound: &document.Bound{Metadata: &document.BindingMetadata{ExpiresAt: "2026-11-02T04:04:05+01:00"}}})
	if want := time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC); err != nil || !got.Bound.Metadata.ExpiresAt.Equal(want) {
		t.Errorf("the binding expires at %v, %v, want %v", got.Bound.Metadata.ExpiresAt, err, want)
	}
	for _, m := range []*document.BindingMetadata{{ExpiresAt: "tomorrow"}, {RenewBefore: "tomorrow"}} {
		if _, err := bindingOf(&document.Binding{Bound: &document.Bound{Metadata: m}}); err == nil {
			t.Errorf("%+v is read", m)
		}
	}
}

// plainSealer seals nothing.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func TestNewerDocumentIsRefused(t *testing.T) {
	t.Parallel()
	e := &Engine{rules: rules{config: Config{Sealer: plainSealer{}}}}
	key, data := Key{Platform: "p", InstanceID: "i", BindingID: "b"}, []byte(`{"format":2}`)
	_, instanceErr := e.openInstance(&InstanceRecord{Key: key, Data: data})
	_, bindingErr := e.openBinding(&BindingRecord{Key: key, Data: data})
	_, operationErr := e.openOperation(&OperationRecord{Key: key, ID: "o", Data: data})
	_, checkpointErr := (&Task{engine: e, run: &run{ctx: t.Context(), record: &OperationRecord{Key: key, ID: "o"}}, checkpoint: data}).Load(new(int))
	for what, err := range map[string]error{"instance": instanceErr, "binding": bindingErr, "operation": operationErr, "checkpoint": checkpointErr} {
		if err == nil || !strings.Contains(err.Error(), "opening the data of "+what) ||
			!strings.HasSuffix(err.Error(), ": written by a newer openbroker: format 2, this binary reads up to 1") {
			t.Errorf("%s: the error is %v", what, err)
		}
		if _, newer := errors.AsType[*document.NewerFormatError](err); !newer {
			t.Errorf("%s: the error is %T", what, err)
		}
	}
	if err := readFailure([]byte(`{"format":2,"description":7}`)).err(); err.Error() != "500 The operation failed." {
		t.Errorf("the failure is %v", err)
	}
}

// The words and digests below are in every database. They never change.
func TestStoredWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		fmt.Sprint([]RecordStatus{StatusCreating, StatusReady, StatusUpdating, StatusDeleting, StatusCreateFailed, StatusDeleted}): "[creating ready updating deleting create failed deleted]",
		fmt.Sprint([]OperationKind{KindProvision, KindUpdate, KindDeprovision, KindBind, KindUnbind}):                              "[provision update deprovision bind unbind]",
		fmt.Sprint([]OperationState{OperationActive, OperationCancelling, OperationSucceeded, OperationFailed}):                    "[active cancelling succeeded failed]",
		fmt.Sprint([]string{CanarySetting, canaryText, ofInstance, ofBinding, ofOperation, ofCheckpoint}):                          "[sealer_check openbroker instance binding operation checkpoint]",
		hex.EncodeToString(associated(ofInstance, Key{"p", "i", "b"}, "o")):                                                        "0a6f70656e62726f6b657208696e7374616e6365017001690162016f",
		hex.EncodeToString(filledInstance().attributes()):                                                                          "fb122e9892a3d812798a7503b644e489fd9f776e6c9a6dcf435456c6d6f05935",
		hex.EncodeToString(filledBinding().attributes()):                                                                           "fe83c6f2587880994f497d7fb8cee89e007ae708bf028ce395f111ac9b9deb1e",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func filledInstance() *instanceDetails {
	return &instanceDetails{
		OrganizationGUID: "organization", SpaceGUID: "space", Parameters: object(`{"b":1.50,"a":[true,null]}`),
		Context: object(`{"platform":"kubernetes","namespace":"n","clusterid":"c"}`),
	}
}

func filledBinding() *bindingDetails {
	return &bindingDetails{PredecessorID: "predecessor", AppGUID: "app", BindResource: object(`{"route":"r"}`), Parameters: object(`{"b":1.50}`)}
}
