package source

import (
	"strings"
	"sync"

	"github.com/openbroker/openbroker/internal/tree"
)

// secretLines finds the lines of files that may hold a secret: those of dashboard
// clients, and those of any field with a name such as password or token.
type secretLines struct {
	documents []*tree.Node

	once  sync.Once
	lines map[*tree.File]*tree.Lines
}

// hides reports whether a line may hold a secret.
func (p *secretLines) hides(file *tree.File, line int) bool {
	p.once.Do(func() {
		p.lines = map[*tree.File]*tree.Lines{}
		for _, document := range p.documents {
			p.lines[document.File] = tree.Conceal(document, secrecyOf)
		}
	})
	lines := p.lines[file]
	return lines != nil && lines.Has(line)
}

func secrecyOf(name string, _ *tree.Node) tree.Secrecy {
	if name == "schemas" {
		return tree.Public // A parameter such as password has a schema here, not a secret.
	}
	name = strings.ToLower(name)
	for _, part := range []string{"dashboard", "dashbord", "secret", "secrt", "password", "token", "credential"} {
		if strings.Contains(name, part) {
			return tree.Secret
		}
	}
	return tree.Unknown
}
