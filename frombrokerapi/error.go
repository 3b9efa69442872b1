package frombrokerapi

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/openbroker/openbroker"
)

// failureResponse is what apiresponses.FailureResponse of brokerapi has in all
// versions. Its ValidatedStatusCode takes the logger of the version.
type failureResponse interface {
	error
	ErrorResponse() any
	LoggerAction() string
}

// translate makes an *openbroker.Error of a FailureResponse, also of a wrapped one.
// Another error stays what it is: the handler answers 500 and logs it.
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
			// The library has no code for what the specification has one.
			kind, code = openbroker.ErrRequiresApp, openbroker.CodeRequiresApp
		}
	}
	translated := kind.WithDescription("%s", description).WithCause(err)
	translated.Status, translated.Code = status, code
	return translated
}

// translateBind is translate for a bind: an instance that does not exist is a 404
// there, as brokerapi answers it itself.
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

// statusOf calls ValidatedStatusCode, whose parameter is a *slog.Logger since version
// 11 and a logger of another library before. It logs only a status that is wrong.
func statusOf(failure failureResponse) (status int) {
	status = http.StatusInternalServerError
	if modern, ok := failure.(interface{ ValidatedStatusCode(logger *slog.Logger) int }); ok {
		return valid(modern.ValidatedStatusCode(slog.New(slog.DiscardHandler)))
	}
	method := reflect.ValueOf(failure).MethodByName("ValidatedStatusCode")
	if !method.IsValid() || method.Type().NumIn() != 1 || method.Type().NumOut() != 1 || method.Type().Out(0).Kind() != reflect.Int {
		return status
	}
	// Without a logger, a wrong status panics.
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
