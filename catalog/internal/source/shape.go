package source

import "github.com/openbroker/openbroker/internal/tree"

// A Shape lists the fields of an object that the specification or its profile defines.
// Other fields are extensions.
type Shape struct {
	// Title is the name of the object in messages.
	Title  string
	Fields []Field
	// Opaque marks objects that only platforms read, such as metadata: a field of the
	// wrong type is not an error.
	Opaque bool
}

// A Field is a field that the specification or its profile defines.
type Field struct {
	Name  string
	Kind  tree.Kind
	Shape *Shape // Shape of the object, or of the objects in the array.
	// Integer marks a number without a fraction, Texts an array of strings.
	Integer, Texts bool
}

// Field returns the field with the name, or nil.
func (s *Shape) Field(name string) *Field {
	if s == nil {
		return nil
	}
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

func text(name string) Field    { return Field{Name: name, Kind: tree.String} }
func boolean(name string) Field { return Field{Name: name, Kind: tree.Bool} }
func integer(name string) Field { return Field{Name: name, Kind: tree.Number, Integer: true} }
func texts(name string) Field   { return Field{Name: name, Kind: tree.Array, Texts: true} }

func object(name string, s *Shape) Field  { return Field{Name: name, Kind: tree.Object, Shape: s} }
func objects(name string, s *Shape) Field { return Field{Name: name, Kind: tree.Array, Shape: s} }

// The objects of spec.md, "Catalog Management", and of profile.md, "Service Metadata" and
// "Catalog Extensions".
var (
	CostShape = &Shape{Title: "a cost", Opaque: true, Fields: []Field{object("amount", nil), text("unit")}}

	PlanMetadataShape = &Shape{Title: "the metadata of a plan", Opaque: true, Fields: []Field{
		text("displayName"), texts("bullets"), objects("costs", CostShape),
	}}
	ServiceMetadataShape = &Shape{Title: "the metadata of a service", Opaque: true, Fields: []Field{
		text("displayName"), text("imageUrl"), text("longDescription"), text("providerDisplayName"),
		text("documentationUrl"), text("supportUrl"), boolean("shareable"),
	}}
	dashboardShape   = &Shape{Title: "a dashboard client", Fields: []Field{text("id"), text("secret"), text("redirect_uri")}}
	MaintenanceShape = &Shape{Title: "maintenance_info", Fields: []Field{text("version"), text("description")}}
	parametersShape  = &Shape{Title: "the schema of input parameters", Fields: []Field{object("parameters", nil)}}

	instanceSchemasShape = &Shape{Title: "the schemas of an instance", Fields: []Field{object("create", parametersShape), object("update", parametersShape)}}
	bindingSchemasShape  = &Shape{Title: "the schema of a binding", Fields: []Field{object("create", parametersShape)}}
	SchemasShape         = &Shape{Title: "the schemas of a plan", Fields: []Field{object("service_instance", instanceSchemasShape), object("service_binding", bindingSchemasShape)}}

	PlanShape = &Shape{Title: "a plan", Fields: []Field{
		text("id"), text("name"), text("description"), object("metadata", PlanMetadataShape), boolean("free"), boolean("bindable"),
		boolean("binding_rotatable"), boolean("plan_updateable"), object("schemas", SchemasShape),
		integer("maximum_polling_duration"), object("maintenance_info", MaintenanceShape),
	}}
	ServiceShape = &Shape{Title: "a service", Fields: []Field{
		text("id"), text("name"), text("description"), texts("tags"), texts("requires"), boolean("bindable"),
		boolean("instances_retrievable"), boolean("bindings_retrievable"), boolean("allow_context_updates"),
		object("metadata", ServiceMetadataShape), object("dashboard_client", dashboardShape), boolean("plan_updateable"),
		objects("plans", PlanShape),
	}}
	CatalogShape = &Shape{Title: "a catalog", Fields: []Field{objects("services", ServiceShape)}}
)
