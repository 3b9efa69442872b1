package sqlitefile

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// Bind creates a link to the database for the binding. The credentials are "path",
// "mode" ("rw" or "ro") and "dsn", which opens the database with modernc.org/sqlite
// in this mode and with the quota of the plan. Bind returns an error for an unknown
// mode, for a plan without a quota, and if the database is missing.
func (p *Provider) Bind(_ context.Context, _ *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	mode, err := parameters.Mode(binding.Parameters)
	if err != nil {
		return durable.BindResult{}, err
	}
	quota, ok := pagesOf(binding.Instance)
	if !ok {
		return durable.BindResult{}, fmt.Errorf("the plan %q has no quota", binding.Instance.PlanID)
	}
	name := binding.Instance.ResourceName()
	exists, err := p.root.has(name)
	if err == nil && !exists {
		err = errors.New("the database of the instance is missing")
	}
	if err != nil {
		return durable.BindResult{}, err
	}
	path, err := p.root.link(name, binding.ResourceName())
	if err != nil {
		return durable.BindResult{}, err
	}
	return durable.BindResult{Credentials: openbroker.Credentials{
		"path": path,
		"mode": mode,
		"dsn":  dsn(path, "mode="+mode, "_pragma=max_page_count("+strconv.FormatInt(quota, 10)+")", "_pragma=busy_timeout(5000)"),
	}}, nil
}

// Unbind deletes the link. Clients that have the database open can use it until they
// close it.
func (p *Provider) Unbind(_ context.Context, _ *durable.Task, binding durable.Binding) error {
	return p.root.unlink(binding.Instance.ResourceName(), binding.ResourceName())
}

// dsn returns a URI for SQLite.
func dsn(path string, options ...string) string {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: strings.Join(options, "&")}
	return uri.String()
}
