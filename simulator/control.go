package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// controlPath is outside /v2, so that no platform calls it.
const controlPath = "/control"

// maxControlBody is the largest body that the control endpoint accepts.
const maxControlBody = 1 << 20

// A control handles one call of the control endpoint. It returns the body of
// the response.
type control func(*Simulator, *http.Request) (any, error)

// controls has the handlers by path and method. The map is read-only.
var controls = map[string]map[string]control{
	"": {http.MethodGet: (*Simulator).showAll},
	"/faults": {
		http.MethodGet: (*Simulator).showFaults, http.MethodPut: (*Simulator).putFaults,
		http.MethodDelete: func(s *Simulator, r *http.Request) (any, error) { _ = s.SetFaults(); return s.showFaults(r) },
	},
	"/delay": {
		http.MethodGet: (*Simulator).showDelay, http.MethodPut: (*Simulator).putDelay,
		http.MethodDelete: func(s *Simulator, r *http.Request) (any, error) { _ = s.SetDelay(0); return s.showDelay(r) },
	},
	"/maintenance_info": {
		http.MethodGet: (*Simulator).showMaintenance, http.MethodPut: (*Simulator).putMaintenance,
		http.MethodDelete: func(s *Simulator, r *http.Request) (any, error) {
			if err := s.resetMaintenanceInfo(); err != nil {
				return nil, err
			}
			return s.showMaintenance(r)
		},
	},
	"/requests": {
		http.MethodGet:    (*Simulator).showRequests,
		http.MethodDelete: func(s *Simulator, _ *http.Request) (any, error) { s.ClearRequests(); return struct{}{}, nil },
	},
	"/reset": {
		http.MethodPost: func(s *Simulator, _ *http.Request) (any, error) { s.Reset(); return struct{}{}, nil },
	},
}

// serveControl answers an authenticated request.
func (s *Simulator) serveControl(w http.ResponseWriter, r *http.Request) {
	methods, found := controls[strings.TrimPrefix(r.URL.Path, controlPath)]
	if !found {
		openbroker.WriteError(w, openbroker.NewError(http.StatusNotFound, "", "The path does not exist: "+controlPath+" has "+strings.Join(slices.Sorted(maps.Keys(controls))[1:], ", ")+"."))
		return
	}
	call, found := methods[r.Method]
	if !found {
		allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		w.Header().Set("Allow", allowed)
		openbroker.WriteError(w, openbroker.NewError(http.StatusMethodNotAllowed, "", "This path supports only "+allowed+"."))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
	answer, err := call(s, r)
	if err != nil {
		openbroker.WriteError(w, openbroker.NewError(http.StatusBadRequest, "", err.Error()))
		return
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		openbroker.WriteError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out.Bytes()) // A write error means that the client has disconnected.
}

// readControl reads the body, a JSON object with only the known members. The
// first known member is required.
func readControl(r *http.Request, known ...string) (map[string]json.RawMessage, error) {
	body, err := io.ReadAll(r.Body)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, fmt.Errorf("the body must not be larger than %d bytes", tooLong.Limit)
	case err != nil:
		return nil, errors.New("the body could not be read")
	}
	members, err := object(body)
	if err != nil {
		return nil, fmt.Errorf("the body must be a JSON object with %s", strings.Join(known, " and "))
	}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, member) {
			return nil, fmt.Errorf("%s is unknown: the body may have %s", shorten(member), strings.Join(known, " and "))
		}
	}
	if _, there := members[known[0]]; !there {
		return nil, fmt.Errorf("%s is missing", known[0])
	}
	return members, nil
}

func (s *Simulator) showAll(r *http.Request) (any, error) {
	maintenance, err := s.MaintenanceInfo(r.Context())
	return map[string]any{
		"faults": s.Faults(), "delay": Duration(s.Delay()), "maintenance_info": maintenance, "requests": len(s.Requests()),
	}, err
}

func (s *Simulator) showFaults(*http.Request) (any, error) {
	return map[string]any{"faults": s.Faults()}, nil
}

func (s *Simulator) putFaults(r *http.Request) (any, error) {
	members, err := readControl(r, "faults")
	if err != nil {
		return nil, err
	}
	var encoded []json.RawMessage
	if err := read(&encoded, members["faults"], ""); err != nil {
		return nil, errors.New("faults must be an array of faults")
	}
	set := make([]Fault, len(encoded))
	for i, data := range encoded {
		f, err := decodeFault(data, fmt.Sprintf("faults[%d]", i), inControl)
		if err != nil {
			return nil, err
		}
		set[i] = *f
	}
	if err := s.SetFaults(set...); err != nil {
		return nil, err
	}
	return s.showFaults(r)
}

func (s *Simulator) showDelay(*http.Request) (any, error) {
	return map[string]any{"delay": Duration(s.Delay())}, nil
}

func (s *Simulator) putDelay(r *http.Request) (any, error) {
	members, err := readControl(r, "delay")
	if err != nil {
		return nil, err
	}
	var d Duration
	if err := readDuration(&d, members["delay"]); err != nil {
		return nil, fmt.Errorf("delay %w", err)
	}
	if err := s.SetDelay(time.Duration(d)); err != nil {
		return nil, err
	}
	return s.showDelay(r)
}

func (s *Simulator) showMaintenance(r *http.Request) (any, error) {
	return s.MaintenanceInfo(r.Context())
}

func (s *Simulator) putMaintenance(r *http.Request) (any, error) {
	members, err := readControl(r, "version", "description")
	if err != nil {
		return nil, err
	}
	var version, description string
	if err := read(&version, members["version"], "a string"); err != nil {
		return nil, fmt.Errorf("version %w", err)
	}
	if value, there := members["description"]; there {
		if err := read(&description, value, "a string"); err != nil {
			return nil, fmt.Errorf("description %w", err)
		}
	}
	if err := s.SetMaintenanceInfo(version, description); err != nil {
		return nil, err
	}
	return s.showMaintenance(r)
}

// A filter compares a request with the value of a query parameter.
type filter func(r *Request, value string) bool

// filters has the filters by the name of the parameter. The map is read-only.
var filters = map[string]filter{
	"operation":   func(r *Request, v string) bool { return string(r.Operation) == v },
	"method":      func(r *Request, v string) bool { return r.Method == v },
	"instance_id": func(r *Request, v string) bool { return r.InstanceID == v },
	"binding_id":  func(r *Request, v string) bool { return r.BindingID == v },
	"plan":        func(r *Request, v string) bool { return r.PlanID == v || planNames[r.PlanID] == v },
	"status":      func(r *Request, v string) bool { return strconv.Itoa(r.Status) == v },
	"after":       func(r *Request, v string) bool { n, err := strconv.Atoi(v); return err == nil && r.Number > n },
}

func (s *Simulator) showRequests(r *http.Request) (any, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query string is malformed")
	}
	for name := range query {
		if filters[name] == nil {
			return nil, fmt.Errorf("the filter %s is unknown: the filters are %s", shorten(name), strings.Join(slices.Sorted(maps.Keys(filters)), ", "))
		}
	}
	if after := query.Get("after"); after != "" {
		if _, err := strconv.Atoi(after); err != nil {
			return nil, errors.New("after must be the number of a request")
		}
	}
	return map[string]any{"requests": s.records.list(func(r *Request) bool {
		for name := range query {
			if !filters[name](r, query.Get(name)) {
				return false
			}
		}
		return true
	})}, nil
}
