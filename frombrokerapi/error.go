package frombrokerapi

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/openbroker/openbroker"
)

// failureResponse has the methods that apiresponses.FailureResponse of brokerapi has in
// all versions. The parameter of ValidatedStatusCode depends on the version.
type failureResponse interface {
	error
	ErrorResponse() any
	LoggerAction() string
}

// translate turns a FailureResponse, or an error that wraps one, into an
// *openbroker.Error. It returns other errors unchanged: the handler responds with 500
// and logs them.
func translate(err error) error {
	var own *openbroker.Error
	var failure failureResponse
	if errors.As(err, &own) || !errors.As(err, &failure) {
		return err
	}
	status := statusOf(failure)
	code, description := bodyOf(failure)
	kind := openbroker.NewError(status, code, description)
	switch status {
	case http.StatusGone:
		kind = openbroker.ErrGone
		if description == "" {
			description = "The resource does not exist."
		}
	case http.StatusUnprocessableEntity:
		for _, known := range [...]*openbroker.Error{
			openbroker.ErrAsyncRequired, openbroker.ErrConcurrency, openbroker.ErrRequiresApp, openbroker.ErrMaintenanceInfoConflict,
		} {
			if code == known.Code {
				kind = known
			}
		}
		if code == "" && failure.LoggerAction() == "app-guid-not-provided" {
			// The library omits the code of the specification.
			kind, code = openbroker.ErrRequiresApp, openbroker.CodeRequiresApp
		}
	}
	translated := kind.WithDescription("%s", description).WithCause(err)
	translated.Status, translated.Code = status, code
	return translated
}

// translateBind works like translate, except that an instance that does not exist is a
// 404, as in brokerapi.
func translateBind(err error) error {
	translated := translate(err)
	var own *openbroker.Error
	if errors.As(translated, &own) && own.Status == http.StatusGone {
		own = openbroker.ErrInstanceDoesNotExist.WithCause(err)
		own.Status = http.StatusNotFound
		return own
	}
	return translated
}

// statusOf calls ValidatedStatusCode. The parameter of this method is a *slog.Logger
// since version 11, and a logger of another library in earlier versions. The method
// logs only invalid statuses.
func statusOf(failure failureResponse) (status int) {
	status = http.StatusInternalServerError
	if modern, ok := failure.(interface{ ValidatedStatusCode(logger *slog.Logger) int }); ok {
		return valid(modern.ValidatedStatusCode(slog.New(slog.DiscardHandler)))
	}
	method := reflect.ValueOf(failure).MethodByName("ValidatedStatusCode")
	if !method.IsValid() || method.Type().NumIn() != 1 || method.Type().NumOut() != 1 || method.Type().Out(0).Kind() != reflect.Int {
		return status
	}
	// Without a logger, an invalid status panics.
	defer func() { _ = recover() }()
	return valid(int(method.Call([]reflect.Value{reflect.Zero(method.Type().In(0))})[0].Int()))
}

func valid(status int) int {
	if status < 400 || status > 599 {
		return http.StatusInternalServerError
	}
	return status
}

func bodyOf(failure failureResponse) (code, description string) {
	var body struct {
		Error       string `json:"error"`
		Description string `json:"description"`
	}
	encoded, err := json.Marshal(failure.ErrorResponse())
	if err == nil && json.Unmarshal(encoded, &body) == nil {
		return body.Error, body.Description
	}
	return "", failure.Error()
}
