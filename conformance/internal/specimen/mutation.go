package specimen

import "slices"

// A Mutation is one clause, broken.
type Mutation struct {
	// ID names the mutation, for Config.Mutation.
	ID string
	// Section is the heading in the specification under which the clause
	// stands, and Clause the clause in short words.
	Section, Clause string
	// Summary says what the broker does instead.
	Summary string
	// Check is the id of the check of package conformance that must fail.
	Check string
}

// Mutations returns all mutations, in the order of the specification.
func Mutations() []Mutation {
	var mutations []Mutation
	for _, c := range slices.Concat(
		headerClauses(), answerClauses(), catalogClauses(), serviceClauses(), planClauses(), operationClauses(), provisionClauses(), fetchClauses(), updateClauses(), bindClauses(), bindingClauses(), unbindClauses(), deprovisionClauses(), concurrencyClauses(), platformClauses(),
	) {
		for _, f := range c.faults {
			mutations = append(mutations, Mutation{
				ID: f.id, Section: c.section, Clause: c.says, Summary: f.summary, Check: c.check,
			})
		}
	}
	return mutations
}

// A clause of the specification, the check that watches over it, and the ways
// in which this broker can break it.
type clause struct {
	section, says, check string
	faults               []fault
}

type fault struct{ id, summary string }

func mutationIDs() []string {
	var ids []string
	for _, m := range Mutations() {
		ids = append(ids, m.ID)
	}
	return ids
}
