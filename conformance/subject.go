package conformance

import (
	"encoding/json"
	"slices"
	"time"
)

// A subject is the plan that a scenario runs on, with its features and
// parameters.
type subject struct {
	service, plan map[string]any
	// other is another plan of the service, or nil. foreign is a plan of another
	// service, or nil.
	other, foreign map[string]any

	parameters, otherPlan planParameters
	// fromFile is true if the user gave the parameters, which makes them secret.
	fromFile bool
	features map[Feature]bool
	// none is the reason why the catalog has no plan to use. The other fields are
	// empty then.
	none *absence
}

// planParameters are the parameters for a plan.
type planParameters struct {
	provision, update, bind map[string]any
	// otherProvision and otherBind differ from provision and bind.
	otherProvision, otherBind map[string]any
	// invalidProvision, invalidUpdate and invalidBind violate the schema.
	invalidProvision, invalidUpdate, invalidBind map[string]any
	// failProvision and failDeprovision make the operation fail.
	failProvision, failDeprovision map[string]any
}

func (s *subject) serviceID() string { return stringOf(s.service, "id") }
func (s *subject) planID() string    { return stringOf(s.plan, "id") }

// otherPlanID returns the id of another plan of the service, or "".
func (s *subject) otherPlanID() string { return stringOf(s.other, "id") }

// name returns "service/plan", or "" without a plan.
func (s *subject) name() string {
	if s.plan == nil {
		return ""
	}
	return stringOf(s.service, "name") + "/" + stringOf(s.plan, "name")
}

// has reports whether the subject has a feature, of the catalog or of the
// options.
func (s *subject) has(feature Feature) bool { return s.features[feature] }

// suits rates a plan for scenarios that run on one plan: the more features, the
// better. A plan that requires parameters comes last because the broker could
// refuse a malformed request for its parameters.
func (s *subject) suits() int {
	count := 0
	if s.parameters.provision != nil || s.parameters.bind != nil {
		count = -100
	}
	for _, offered := range s.features {
		if offered {
			count++
		}
	}
	return count
}

// lacking returns the first of the features that the subject does not have.
func (s *subject) lacking(needs []Feature) (Feature, bool) {
	for _, feature := range needs {
		if !s.has(feature) {
			return feature, true
		}
	}
	return "", false
}

// maximumPolling returns the plan's maximum_polling_duration, or 0.
func (s *subject) maximumPolling() time.Duration {
	number, _ := s.plan["maximum_polling_duration"].(json.Number)
	seconds, err := number.Int64()
	if err != nil || seconds <= 0 || seconds > 1e9 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func stringOf(object map[string]any, name string) string {
	value, _ := object[name].(string)
	return value
}

// canonical returns the JSON of a value with sorted names, for comparisons.
func canonical(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// planFeatures returns the features of a plan.
func planFeatures(s *subject) map[Feature]bool {
	flag := func(object map[string]any, name string) (value, found bool) {
		value, found = object[name].(bool)
		return value, found
	}
	inherited := func(name string) bool {
		if value, found := flag(s.plan, name); found {
			return value
		}
		value, _ := flag(s.service, name)
		return value
	}
	service := func(name string) bool { value, _ := flag(s.service, name); return value }
	bindable := inherited("bindable")
	rotatable, _ := flag(s.plan, "binding_rotatable")
	permissions, _ := s.service["requires"].([]any)
	requires := func(permission string) bool { return bindable && slices.Contains(permissions, any(permission)) }
	_, maintained := lookup(s.plan, "maintenance_info.version")
	p := s.parameters
	return map[Feature]bool{
		Bindable:                 bindable,
		NotBindable:              s.plan != nil && !bindable,
		Rotatable:                bindable && rotatable,
		InstancesRetrievable:     service("instances_retrievable"),
		BindingsRetrievable:      bindable && service("bindings_retrievable"),
		ContextUpdates:           service("allow_context_updates"),
		PlanUpdateable:           inherited("plan_updateable") && s.other != nil,
		NotPlanUpdateable:        !inherited("plan_updateable") && s.other != nil,
		OtherPlan:                s.other != nil,
		OtherService:             s.foreign != nil,
		MaintenanceInfo:          maintained,
		CreateSchema:             schemaOf(s.plan, createSchema) != nil,
		FailingProvision:         p.failProvision != nil,
		FailingDeprovision:       p.failDeprovision != nil,
		AnyParameters:            s.plan != nil && schemaOf(s.plan, createSchema) == nil && p.provision == nil,
		UpdateSchema:             schemaOf(s.plan, updateSchema) != nil,
		BindSchema:               bindable && schemaOf(s.plan, bindSchema) != nil,
		DistinctCreateParameters: p.otherProvision != nil,
		DistinctBindParameters:   bindable && p.otherBind != nil,
		InvalidCreateParameters:  p.invalidProvision != nil,
		InvalidUpdateParameters:  p.invalidUpdate != nil,
		InvalidBindParameters:    bindable && p.invalidBind != nil,
		SyslogDrain:              requires("syslog_drain"),
		RouteForwarding:          requires("route_forwarding"),
		VolumeMount:              requires("volume_mount"),
		OnlySyslogDrain:          requires("syslog_drain") && len(permissions) == 1,
		OnlyVolumeMount:          requires("volume_mount") && len(permissions) == 1,
	}
}

// The paths of the schemas in a plan.
const (
	createSchema = "schemas.service_instance.create.parameters"
	updateSchema = "schemas.service_instance.update.parameters"
	bindSchema   = "schemas.service_binding.create.parameters"
)

func schemaOf(plan map[string]any, path string) map[string]any {
	value, _ := lookup(plan, path)
	schema, _ := value.(map[string]any)
	return schema
}
