package message

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of all messages. Each has its own below
// $defs: request, answer, line, acknowledgement; and provision_answer, bind_answer and so on
// for the answers to certain operations.
func Schema() []byte { return slices.Clone(schema) }

// AnswerDefinitions returns the names of the schemas, below $defs in that of [Schema], of
// which an answer to an operation must satisfy one.
func (o Operation) AnswerDefinitions() []string {
	switch o {
	case Provision, Update:
		return []string{"provision_answer", "failure"}
	case Bind:
		return []string{"bind_answer", "failure"}
	case List:
		return []string{"list_answer", "failure"}
	default:
		return []string{"deletion_answer", "failure"}
	}
}
