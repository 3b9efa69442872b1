package console

import "net/http"

// navigation are the pages that every page links to, in this order.
var navigation = []link{
	{"/", "Overview"},
	{"/instances", "Instances"},
	{"/operations", "Operations"},
	{"/catalog", "Catalog"},
	{"/audit", "Audit"},
	{"/health", "Health"},
}

type link struct{ Path, Name string }

// pageRoutes returns the pages. They only read, so they can also be the content of a
// stream.
func (c *Console) pageRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.overview)
	mux.HandleFunc("GET /instances", c.instances)
	mux.HandleFunc("GET /instance", c.instance)
	mux.HandleFunc("GET /operations", c.operations)
	mux.HandleFunc("GET /operation", c.operation)
	mux.HandleFunc("GET /catalog", c.catalog)
	mux.HandleFunc("GET /audit", c.audit)
	mux.HandleFunc("GET /health", c.health)
	mux.HandleFunc("GET /", c.notFound)
	return mux
}

// routes returns everything that the console serves.
func (c *Console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /", c.pages)
	mux.HandleFunc("GET /act", c.confirm)
	mux.HandleFunc("POST /act", c.act)
	mux.HandleFunc("GET /find", c.find)
	mux.HandleFunc("POST /theme", c.theme)
	mux.HandleFunc("GET /events", c.events)
	mux.Handle("GET /static/", c.static())
	return mux
}

func (c *Console) notFound(w http.ResponseWriter, r *http.Request) {
	c.fail(w, r, http.StatusNotFound, "There is no such page.")
}
