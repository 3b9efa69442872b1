package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// few is how many records the overview lists of each kind.
const few = 5

// An overviewPage is what needs attention, and what there is.
type overviewPage struct {
	Now     time.Time
	Summary part[*admin.Summary]
	// Stuck, Retrying, Failed and Left have the first few.
	Stuck, Retrying, Failed part[[]admin.Operation]
	Left                    part[[]admin.Instance]
	// LeftBehind counts the instances of which Left has the first.
	LeftBehind int
	// Calm says that nothing needs attention.
	Calm bool
}

func (c *Console) overview(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := overviewPage{Now: time.Now(), Summary: show(ctx, c, a.Summary)}
	first := func(list func(context.Context, int) ([]admin.Operation, error)) part[[]admin.Operation] {
		return show(ctx, c, func(ctx context.Context) ([]admin.Operation, error) { return list(ctx, few) })
	}
	v.Stuck, v.Retrying, v.Failed = first(a.Stuck), first(a.Retrying), first(a.Failed)
	v.Left = show(ctx, c, func(ctx context.Context) ([]admin.Instance, error) { return a.LeftBehind(ctx, few) })
	p := page{Title: "Overview", Section: "/", Live: true}
	if s := v.Summary.Value; s != nil {
		v.Now = s.Now
		left := s.Instances[durable.StatusCreateFailed]
		v.LeftBehind = left
		v.Calm = s.Stuck+s.Failed+s.Retrying+left == 0
		p.Announce = fmt.Sprintf("%s stuck, %s failed, %s retrying, %s left behind",
			admin.FormatCount(s.Stuck), admin.FormatCount(s.Failed), admin.FormatCount(s.Retrying), admin.FormatCount(left))
	}
	p.Now, p.Content = v.Now, v
	c.render(w, r, http.StatusOK, "overview", p)
}
