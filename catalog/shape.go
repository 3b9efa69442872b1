package catalog

import "github.com/openbroker/openbroker/internal/tree"

// A shape is what the specification or its profile says about the fields of an
// object. Other fields are extensions.
type shape struct {
	// title is what messages call the object.
	title  string
	fields []field
	// opaque objects are the platforms' to read, so that fields of a wrong type
	// are no error.
	opaque bool
}

type field struct {
	name  string
	kind  tree.Kind
	shape *shape // Of the object, or of the objects in the array.
	// integer is a number without fraction; texts is an array of strings.
	integer, texts bool
}

// field returns the field with the name, or nil.
func (s *shape) field(name string) *field {
	if s == nil {
		return nil
	}
	for i := range s.fields {
		if s.fields[i].name == name {
			return &s.fields[i]
		}
	}
	return nil
}

func text(name string) field    { return field{name: name, kind: tree.String} }
func boolean(name string) field { return field{name: name, kind: tree.Bool} }
func integer(name string) field { return field{name: name, kind: tree.Number, integer: true} }
func texts(name string) field   { return field{name: name, kind: tree.Array, texts: true} }

func object(name string, s *shape) field  { return field{name: name, kind: tree.Object, shape: s} }
func objects(name string, s *shape) field { return field{name: name, kind: tree.Array, shape: s} }

// The objects of spec.md, "Catalog Management", and of profile.md, "Service
// Metadata" and "Catalog Extensions".
var (
	costShape = &shape{title: "a cost", opaque: true, fields: []field{object("amount", nil), text("unit")}}

	planMetadataShape = &shape{title: "the metadata of a plan", opaque: true, fields: []field{
		text("displayName"), texts("bullets"), objects("costs", costShape),
	}}
	serviceMetadataShape = &shape{title: "the metadata of a service", opaque: true, fields: []field{
		text("displayName"), text("imageUrl"), text("longDescription"), text("providerDisplayName"),
		text("documentationUrl"), text("supportUrl"), boolean("shareable"),
	}}
	dashboardShape   = &shape{title: "a dashboard client", fields: []field{text("id"), text("secret"), text("redirect_uri")}}
	maintenanceShape = &shape{title: "maintenance_info", fields: []field{text("version"), text("description")}}
	parametersShape  = &shape{title: "the schema of input parameters", fields: []field{object("parameters", nil)}}

	instanceSchemasShape = &shape{title: "the schemas of an instance", fields: []field{object("create", parametersShape), object("update", parametersShape)}}
	bindingSchemasShape  = &shape{title: "the schema of a binding", fields: []field{object("create", parametersShape)}}
	schemasShape         = &shape{title: "the schemas of a plan", fields: []field{object("service_instance", instanceSchemasShape), object("service_binding", bindingSchemasShape)}}

	planShape = &shape{title: "a plan", fields: []field{
		text("id"), text("name"), text("description"), object("metadata", planMetadataShape), boolean("free"), boolean("bindable"),
		boolean("binding_rotatable"), boolean("plan_updateable"), object("schemas", schemasShape),
		integer("maximum_polling_duration"), object("maintenance_info", maintenanceShape),
	}}
	serviceShape = &shape{title: "a service", fields: []field{
		text("id"), text("name"), text("description"), texts("tags"), texts("requires"), boolean("bindable"),
		boolean("instances_retrievable"), boolean("bindings_retrievable"), boolean("allow_context_updates"),
		object("metadata", serviceMetadataShape), object("dashboard_client", dashboardShape), boolean("plan_updateable"),
		objects("plans", planShape),
	}}
	catalogShape = &shape{title: "a catalog", fields: []field{objects("services", serviceShape)}}
)
