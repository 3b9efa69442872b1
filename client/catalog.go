package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

// catalogCache holds the last catalog and its ETag.
type catalogCache struct {
	mu      sync.Mutex
	etag    string
	catalog *openbroker.Catalog
}

func (c *catalogCache) get() (string, *openbroker.Catalog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.etag, c.catalog
}

func (c *catalogCache) put(etag string, catalog *openbroker.Catalog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.etag, c.catalog = etag, catalog
}

// Catalog fetches the service offerings (spec.md, "Catalog Management"): GET
// /v2/catalog. It sends the ETag of the last catalog, and returns that catalog again
// if the broker reports no change. So do not modify a returned catalog.
func (c *Client) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	etag, before := c.catalog.get()
	call := &call{
		name: "catalog", method: http.MethodGet, caller: openbroker.CallerFrom(ctx),
		ifNoneMatch: etag, repeat: repetition{safe: c.retries},
	}
	a, err := c.do(ctx, call)
	switch {
	case err != nil:
		return nil, err
	case a.status == http.StatusNotModified && etag != "":
		return before, nil
	case a.status != http.StatusOK:
		return nil, c.refuse(ctx, call, a, unexpected(a.status))
	}
	fields, err := decodeObject(a, c.strict)
	if err != nil {
		return nil, c.refuse(ctx, call, a, err.Error())
	}
	if fields["services"] == nil {
		return nil, c.refuse(ctx, call, a, "the catalog has no services")
	}
	catalog := new(openbroker.Catalog)
	body := bytes.TrimPrefix(a.body, byteOrderMark)
	if !utf8.Valid(body) {
		body = fromLatin1(body)
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(catalog); err != nil {
		return nil, c.refuse(ctx, call, a, describeCatalog(err))
	}
	c.catalog.put(a.header.Get("ETag"), catalog)
	return catalog, nil
}

// describeCatalog includes the text of err, whose path helps to find the mistake. A
// catalog contains no secrets of the caller.
func describeCatalog(err error) string { return "the catalog cannot be read: " + err.Error() }
