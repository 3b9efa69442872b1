package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// find leads from the id of an operation, an instance or a binding to its page.
func (c *Console) find(w http.ResponseWriter, r *http.Request) {
	ctx, id := r.Context(), strings.TrimSpace(r.URL.Query().Get("id"))
	if id == "" {
		c.fail(w, r, http.StatusBadRequest, "Write the id of an operation, an instance or a binding into the search field.")
		return
	}
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	found, err := query(ctx, c, func(ctx context.Context) (admin.Target, error) { return a.Find(ctx, id, "", "") })
	switch {
	case errors.Is(err, durable.ErrNotFound):
		c.fail(w, r, http.StatusNotFound, "No operation, instance or binding has exactly this id.")
	case err != nil:
		c.failFor(w, r, err)
	case found.Value.OperationID != "":
		http.Redirect(w, r, operationURL(found.Value.OperationID), http.StatusSeeOther)
	default:
		http.Redirect(w, r, instanceURL(found.Value.Key), http.StatusSeeOther)
	}
}
