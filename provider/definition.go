package provider

import (
	"context"
	"fmt"
	"reflect"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
)

// A Spec describes a provider to [Define]. Config has its settings in the configuration
// file, Plan those in the plans of a catalog; struct{} means none, and the Plan can be
// [Free]. Both are structs whose fields have tags:
//
//	yaml      the name, required
//	doc       the description, required
//	required  "true" if the field must be there
//	default   the value if the field is absent
//	enum      the allowed values of a string or an integer, separated by commas
//	min, max  the limits of an integer; 0 and the largest by default
type Spec[Config, Plan any] struct {
	// Name is the key of the settings in the configuration and in plans: lower-case
	// letters, digits and "-", beginning with a letter. It never changes. Required.
	Name string
	// Doc describes in one phrase what the provider provides. Required.
	Doc string
	// Catalog is what the provider offers without a catalog file, in YAML or JSON. Its
	// ids never change. Required.
	Catalog string
	// New makes the provider. It is called when a broker starts, and by commands that
	// ask the provider for its resources; not to check a configuration. Required.
	New func(ctx context.Context, config Config, host Host) (durable.Provider, error)
	// Check, unless nil, returns what is wrong with decoded settings. It has no effects
	// and reaches nothing. An error that is a [*FieldError] names the field.
	Check func(config Config) error
	// CheckFiles, unless nil, returns what is wrong with the files that settings name. It
	// is called where they are used, or shall be: before a broker starts, and by the
	// command config check. It changes nothing. An error that is a [*FieldError] names the
	// field.
	CheckFiles func(config Config) error
	// CheckPlan, unless nil, returns why the provider cannot serve a plan. An error that
	// is a [*FieldError] names the setting.
	CheckPlan func(service *openbroker.Service, plan *openbroker.Plan, settings Plan) error
	// SerialBindings says that operations on the bindings of one instance must run one after
	// the other, because each changes something that all of them share.
	SerialBindings bool
	// Helper, unless nil, is the main function of the processes that the provider starts
	// with Host.Helper. It gets the arguments after those, and returns the exit code.
	Helper func(args []string) int
}

// Free are settings of plans whose names the provider does not know: use it as the Plan
// of a [Spec]. The PlanSettings of an instance have them as they are in the catalog.
type Free = map[string]any

// A FieldError is what is wrong with a field of settings.
type FieldError struct {
	// Field is the name of the field, as in the file; a field of a field has a dot.
	Field string
	Err   error
}

// Error returns the field and the error.
func (e *FieldError) Error() string { return e.Field + " " + e.Err.Error() }

// Unwrap returns the error.
func (e *FieldError) Unwrap() error { return e.Err }

// A Definition describes a provider. Make it with [Define]; a [Set] checks it.
type Definition struct {
	name, doc, catalog string
	settings, plan     reflect.Type
	start              func(ctx context.Context, config any, host Host) (durable.Provider, error)
	check, checkFiles  func(config any) error
	checkPlan          func(service *openbroker.Service, plan *openbroker.Plan, settings any) error
	helper             func(args []string) int
	serialBindings     bool
}

// Define makes the definition of a provider. It does not check it: [NewSet] does.
func Define[Config, Plan any](spec Spec[Config, Plan]) Definition {
	d := Definition{
		name: spec.Name, doc: spec.Doc, catalog: spec.Catalog, serialBindings: spec.SerialBindings,
		settings: reflect.TypeFor[Config](), plan: reflect.TypeFor[Plan](),
		check: func(config any) error {
			if spec.Check == nil {
				return nil
			}
			return spec.Check(*config.(*Config)) //nolint:errcheck // Settings made it of this type.
		},
		checkFiles: func(config any) error {
			if spec.CheckFiles == nil {
				return nil
			}
			return spec.CheckFiles(*config.(*Config)) //nolint:errcheck // As above.
		},
		helper: spec.Helper,
		checkPlan: func(service *openbroker.Service, plan *openbroker.Plan, settings any) error {
			if spec.CheckPlan == nil {
				return nil
			}
			return spec.CheckPlan(service, plan, *settings.(*Plan)) //nolint:errcheck // As above.
		},
	}
	if spec.New != nil {
		d.start = func(ctx context.Context, config any, host Host) (durable.Provider, error) {
			return spec.New(ctx, *config.(*Config), host) //nolint:errcheck // As above.
		}
	}
	return d
}

// Name returns the name of the definition.
func (d Definition) Name() string { return d.name }

// Doc returns the description.
func (d Definition) Doc() string { return d.doc }

// SettingsType returns the type of the settings in the configuration.
func (d Definition) SettingsType() reflect.Type { return d.settings }

// PlanType returns the type of the settings in plans.
func (d Definition) PlanType() reflect.Type { return d.plan }

// Catalog returns a new copy of the default catalog. The error is [catalog.Errors] if
// it is invalid, which [NewSet] excludes.
func (d Definition) Catalog() (*openbroker.Catalog, error) {
	source, err := d.source()
	if err != nil {
		return nil, err
	}
	return source.Valid(func(catalog.Finding) {})
}

func (d Definition) source() (*catalog.Source, error) {
	return catalog.ParseSource(d.name+"/catalog.yaml", []byte(d.catalog))
}

// Settings returns a pointer to new, zero settings, to decode into.
func (d Definition) Settings() any { return reflect.New(d.settings).Interface() }

// Check returns what is wrong with settings that were decoded into those of
// [Definition.Settings]. An error that is a [*FieldError] names the field.
func (d Definition) Check(settings any) error {
	if err := d.own(settings); err != nil {
		return err
	}
	return d.check(settings)
}

// CheckFiles returns what is wrong with the files that settings name, like
// [Definition.Check].
func (d Definition) CheckFiles(settings any) error {
	if err := d.own(settings); err != nil {
		return err
	}
	return d.checkFiles(settings)
}

func (d Definition) own(settings any) error {
	if reflect.TypeOf(settings) != reflect.PointerTo(d.settings) {
		return fmt.Errorf("provider: the settings of %s are a %T", d.name, settings)
	}
	return nil
}
