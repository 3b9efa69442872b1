package specimen

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// downtime is the description of each maintenance_info.
const downtime = "A new system.\nExpect downtime."

// serveCatalog answers GET /v2/catalog ("Catalog Management").
func (b *Broker) serveCatalog(q *request) (*answer, *refusal) {
	b.catalogs++
	document := b.document()
	b.breakDocument(document)
	if b.broken("catalog.unknown-query-400") && len(q.query) > 0 {
		return nil, refuse(http.StatusBadRequest, "", "A query parameter is unknown.")
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "", "The catalog cannot be encoded.")
	}
	a := &answer{status: http.StatusOK, body: encoded, header: http.Header{}}
	switch {
	case b.broken("catalog.201"):
		a.status = http.StatusCreated
	case b.broken("catalog.array"):
		a.body = document["services"]
	}
	if !b.varies("no-etag") {
		b.cache(q, a, encoded)
	}
	return a, nil
}

// cache implements RFC 7232, which the specification cites for ETag and
// If-Modified-Since.
func (b *Broker) cache(q *request, a *answer, encoded []byte) {
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256(encoded))
	if b.broken("etag.unstable") {
		etag = fmt.Sprintf(`"%d"`, b.catalogs)
	}
	matches := false
	if given := q.Header.Get("If-None-Match"); given != "" {
		for _, candidate := range strings.Split(given, ",") {
			candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
			matches = matches || candidate == etag || candidate == "*"
		}
		switch {
		case b.broken("etag.always-304"):
			matches = true
		case b.broken("etag.never-304"):
			matches = false
		}
	} else if since, err := http.ParseTime(q.Header.Get("If-Modified-Since")); err == nil {
		matches = !b.modified.After(since)
		switch {
		case b.broken("modified.never-304"):
			matches = false
		case b.broken("modified.always-304"):
			matches = true
		}
	}
	modified := b.modified.Format(http.TimeFormat)
	switch {
	case b.broken("modified.format"):
		modified = b.modified.Format(time.RFC3339)
	case b.broken("modified.future"):
		modified = b.modified.Add(48 * time.Hour).Format(http.TimeFormat)
	}
	if matches {
		a.status, a.body = http.StatusNotModified, nil
		if b.broken("etag.412") {
			a.status, a.body = http.StatusPreconditionFailed, object{"description": "The catalog is unchanged."}
		}
	}
	if !matches || !b.broken("etag.not-on-304") {
		a.header.Set("ETag", etag)
	}
	a.header.Set("Last-Modified", modified)
}

// document returns the catalog as JSON.
func (b *Broker) document() object {
	services := []any{}
	for _, s := range b.offer {
		plans := []any{}
		for _, p := range s.plans {
			plans = append(plans, p.document(b))
		}
		services = append(services, s.document(b, plans))
	}
	return object{"services": services}
}

func (s *service) document(b *Broker, plans []any) object {
	document := object{
		"id": s.id, "name": s.name, "description": s.description, "bindable": s.bindable,
		"tags": []any{"test", "specimen"},
		"metadata": object{
			"displayName": "Specimen", "documentationUrl": "https://docs.example.com/specimen", "shareable": true,
		},
		"plans": plans,
		"dashboard_client": object{
			"id": s.name + "-client", "secret": "for the platform only", "redirect_uri": "https://dashboard.example.com",
		},
	}
	if s.retrievable {
		document["instances_retrievable"] = true
		document["bindings_retrievable"] = true
		document["allow_context_updates"] = true
	}
	if s.requires != nil {
		document["requires"] = s.requires
	}
	if b.varies("catalog-nulls") || b.broken("catalog.nulls") {
		document["metadata"], document["dashboard_client"] = nil, nil
	}
	return document
}

func (p *plan) document(b *Broker) object {
	document := object{
		"id": p.id, "name": p.name, "description": p.description, "free": true,
		"metadata": object{
			"displayName": "In memory", "bullets": []any{"In memory"},
			"costs": []any{object{"amount": object{"eur": 0.5}, "unit": "MONTHLY"}},
		},
	}
	if p.bindable != nil {
		document["bindable"] = *p.bindable
	}
	if b.varies("catalog-nulls") {
		document["metadata"], document["maintenance_info"], document["schemas"] = nil, nil, nil
	}
	if p.rotatable {
		document["binding_rotatable"] = true
	}
	if p.updateable {
		document["plan_updateable"] = true
	}
	if p.maintenance != "" {
		document["maintenance_info"] = object{"version": p.maintenance, "description": downtime}
	}
	if p.asyncInstances || p.asyncBindings {
		document["maximum_polling_duration"] = 60
	}
	if p.schema != nil {
		parameters := object{"parameters": p.schema}
		document["schemas"] = object{
			"service_instance": object{"create": parameters, "update": parameters},
			"service_binding":  object{"create": parameters},
		}
	}
	return document
}
