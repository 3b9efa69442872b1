package console

import (
	"net/http"

	"github.com/openbroker/openbroker"
)

// A Finding is a problem of the catalog.
type Finding struct {
	// Severity is "error", "warning" or "info".
	Severity string
	// Rule is the id of the rule, and Pointer the place in the catalog.
	Rule, Pointer string
	// Message says what is wrong, and Fix what to do.
	Message, Fix string
}

// A catalogPage is the catalog with its findings.
type catalogPage struct {
	Catalog  *openbroker.Catalog
	Findings []Finding
}

func (c *Console) catalog(w http.ResponseWriter, r *http.Request) {
	catalog, findings, err := c.config.Catalog(r.Context())
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "catalog", page{Title: "Catalog", Section: "/catalog", Content: catalogPage{catalog, findings}})
}
