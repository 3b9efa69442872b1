package console

import (
	"net/http"
	"time"

	"github.com/openbroker/openbroker/durable/admin"
)

// A Check is the state of something that the broker needs.
type Check struct {
	Name string
	// State is "ok", "failed" or "timed out".
	State string
	// Advisory says that the broker works without it.
	Advisory bool
}

// A healthPage is the state of this process and of the replicas.
type healthPage struct {
	Checks  []Check
	Summary part[*admin.Summary]
	Started time.Time
	Now     time.Time
	Version string
}

func (c *Console) health(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := healthPage{Summary: show(ctx, c, a.Summary), Started: c.started, Now: time.Now(), Version: c.config.Version}
	if c.config.Health != nil {
		v.Checks = c.config.Health(ctx)
	}
	c.render(w, r, http.StatusOK, "health", page{Title: "Health", Section: "/health", Live: true, Content: v})
}
