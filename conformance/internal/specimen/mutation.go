package specimen

import "slices"

// A Mutation is a fault that breaks one clause.
type Mutation struct {
	// ID names the mutation, for Config.Mutation.
	ID string
	// Section is the section of the specification with the clause. Clause is a
	// summary of the clause.
	Section, Clause string
	// Summary describes the fault.
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

// A clause is a clause of the specification with its check and the faults that
// break it.
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
