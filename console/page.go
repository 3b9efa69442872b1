package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates has one template for each page, with the layout around it. It takes as long as
// the rest of the start of a program, so only those with a console parse it.
var templates = sync.OnceValue(parseTemplates)

func parseTemplates() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))
	parsed := map[string]*template.Template{}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err) // The pattern is constant.
	}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		parsed[name] = template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, file))
	}
	return parsed
}

// A page is what a template gets.
type page struct {
	Title string
	// Section is the path of the entry in the navigation.
	Section string
	// Live says that the page follows changes.
	Live bool
	// Announce is what a screen reader says when it changes, or empty.
	Announce string
	// Outside says that the page is for someone who is not logged in.
	Outside bool
	// Content is for the template of the page.
	Content any

	// The fields below are set by render.
	Navigation []link
	User       user
	Theme      string
	Path       string
	Now        time.Time
	Version    string
}

// fragmentKey is the key of a context in which render writes only the content of a page.
type fragmentKey struct{}

// render writes a page with the template of the name.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	if p.Now.IsZero() {
		p.Now = time.Now().UTC()
	}
	p.Navigation, p.User, p.Theme, p.Path, p.Version = navigation, userOf(r.Context()), themeOf(r), r.URL.RequestURI(), c.config.Version
	entry := "layout.html"
	if r.Context().Value(fragmentKey{}) != nil {
		entry = "live"
	}
	var body bytes.Buffer
	if err := templates()[name].ExecuteTemplate(&body, entry, p); err != nil {
		c.config.Logger.LogAttrs(r.Context(), slog.LevelError, "a page of the console cannot be rendered", slog.String("page", name), slog.String("error", err.Error()))
		http.Error(w, "The page cannot be shown. The log has the reason.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // The browser may have gone.
}

// fail writes a page that says what went wrong.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	c.render(w, r, status, "problem", page{Title: http.StatusText(status), Content: text})
}

// failFor is fail for an error of the store.
func (c *Console) failFor(w http.ResponseWriter, r *http.Request, err error) {
	switch text := c.explain(r.Context(), err); {
	case errors.Is(err, durable.ErrNotFound):
		c.fail(w, r, http.StatusNotFound, text)
	case errors.Is(err, admin.ErrRefused):
		c.fail(w, r, http.StatusConflict, text)
	default:
		c.fail(w, r, http.StatusServiceUnavailable, text)
	}
}

// explain returns what a page says about an error. Only the texts of refusals are
// for people; those of other errors go to the log.
func (c *Console) explain(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, durable.ErrNotFound):
		return "The store does not have this record, or no longer has it: " + err.Error() + "."
	case errors.Is(err, admin.ErrRefused):
		return strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("The store did not answer within %v. Narrow the search, or try again.", queryTimeout)
	case ctx.Err() != nil:
		return "The request was cancelled."
	default:
		c.config.Logger.LogAttrs(ctx, slog.LevelError, "the console cannot read the store", slog.String("error", err.Error()))
		return "The store reports an error. The log has it."
	}
}

// A part is a part of a page with a query of its own: it has a value or a problem.
type part[T any] struct {
	Value   T
	Problem string
}

// query runs a query of a page with its own time limit.
func query[T any](ctx context.Context, c *Console, run func(context.Context) (T, error)) (part[T], error) {
	limited, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	value, err := run(limited)
	return part[T]{Value: value, Problem: c.explain(ctx, err)}, err
}

// show is query for a part that may be missing.
func show[T any](ctx context.Context, c *Console, run func(context.Context) (T, error)) part[T] {
	p, _ := query(ctx, c, run) // The part has the problem.
	return p
}
