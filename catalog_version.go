package openbroker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A catalogVersion is a catalog that the broker returned, with an index of its
// services. Catalogs are immutable, so the pointer identifies the version.
type catalogVersion struct {
	source   *Catalog
	services map[string]*Service

	once     sync.Once
	document *catalogDocument
	err      error
}

// A catalogDocument is an encoded catalog. It is encoded once per version.
type catalogDocument struct {
	body     []byte
	etag     string
	modified time.Time
	// lastModified is the header for modified.
	lastModified string
}

// current returns the catalog of the broker. An unreadable catalog is a 5xx and
// never "no such service", which platforms would act on.
func (c *call) current() (*catalogVersion, *Error) {
	source, err := c.broker.Catalog(c.r.Context())
	if err != nil {
		osbError := c.brokerError(fmt.Errorf("reading the catalog: %w", err))
		if osbError.Status < http.StatusInternalServerError {
			// An error of the catalog is not an error of the request.
			osbError = c.internalError(osbError)
		}
		return nil, osbError
	}
	if source == nil {
		return nil, c.programmingError("Catalog returned nil without an error")
	}
	if version := c.version.Load(); version != nil && version.source == source {
		return version, nil
	}
	version := &catalogVersion{source: source, services: make(map[string]*Service, len(source.Services))}
	for i := range source.Services {
		version.services[source.Services[i].ID] = &source.Services[i]
	}
	c.version.Store(version)
	return version, nil
}

// encodeCatalog returns the document of a catalog. It returns the last one if the
// encoded catalog is equal, so that a broker may build its catalog for each call.
func (h *handler) encodeCatalog(source *Catalog) (*catalogDocument, error) {
	if err := source.Validate(); err != nil {
		return nil, err
	}
	body, err := encodeJSON(withDefaults(source))
	if err != nil {
		return nil, err
	}
	h.documentMu.Lock()
	defer h.documentMu.Unlock()
	last := h.document
	if last != nil && bytes.Equal(last.body, body) {
		return last, nil
	}
	sum := sha256.Sum256(body)
	next := &catalogDocument{
		body:     body,
		etag:     `"` + hex.EncodeToString(sum[:16]) + `"`,
		modified: h.now().UTC().Truncate(time.Second),
	}
	if last != nil && !next.modified.After(last.modified) {
		// Two versions within a second need different values of Last-Modified.
		next.modified = last.modified.Add(time.Second)
	}
	next.lastModified = next.modified.Format(http.TimeFormat)
	h.document = next
	return next, nil
}

// withDefaults returns a copy of the catalog whose plans have explicit values of
// free and bindable, because Korifi and service-catalog read absent ones as false,
// against the specification.
func withDefaults(source *Catalog) *Catalog {
	served := *source
	served.Services = make([]Service, len(source.Services))
	for i, service := range source.Services {
		plans := make([]Plan, len(service.Plans))
		for j, plan := range service.Plans {
			free, bindable := plan.IsFree(), service.PlanBindable(&plan)
			plan.Free, plan.Bindable = &free, &bindable
			plans[j] = plan
		}
		service.Plans = plans
		served.Services[i] = service
	}
	return &served
}

// catalog answers GET /v2/catalog (spec.md, "Catalog Management").
func (c *call) catalog() *Error {
	version, failed := c.current()
	if failed != nil {
		return failed
	}
	version.once.Do(func() { version.document, version.err = c.encodeCatalog(version.source) })
	if version.err != nil {
		return c.programmingError("the catalog is invalid: %w", version.err)
	}
	document := version.document
	header := c.w.Header()
	header.Set("ETag", document.etag)
	header.Set("Last-Modified", document.lastModified)
	if document.notModified(c.r.Header) {
		c.status = http.StatusNotModified
		c.w.WriteHeader(c.status)
		return nil
	}
	c.status = http.StatusOK
	writeJSON(c.w, c.status, document.body)
	return nil
}

// notModified reports whether the client already has this document (RFC 9110, 13.2.2).
func (d *catalogDocument) notModified(header http.Header) bool {
	if tags := header.Values("If-None-Match"); len(tags) > 0 {
		for tag := range strings.SplitSeq(strings.Join(tags, ","), ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == d.etag {
				return true
			}
		}
		return false
	}
	value := header.Get("If-Modified-Since")
	if value == "" {
		return false
	}
	since, err := http.ParseTime(value)
	return err == nil && !d.modified.After(since)
}

// find returns the service and the plan that a request names.
func (v *catalogVersion) find(serviceID, planID string) (*Service, *Plan, *Error) {
	service := v.services[serviceID]
	if service == nil {
		return nil, nil, ErrBadRequest.WithDescription("service_id %q is not in the catalog", shorten(serviceID))
	}
	plan := service.Plan(planID)
	if plan == nil {
		return nil, nil, ErrBadRequest.WithDescription("plan_id %q is not a plan of the service %q in the catalog", shorten(planID), service.Name)
	}
	return service, plan, nil
}

// findRetired is find for requests that must work with retired services and plans.
// It returns nil for a service or plan that is no longer in the catalog, and an
// error only for a plan that belongs to another service.
func (v *catalogVersion) findRetired(serviceID, planID string) (*Service, *Plan, *Error) {
	service := v.services[serviceID]
	if service != nil {
		if plan := service.Plan(planID); plan != nil {
			return service, plan, nil
		}
	}
	for i := range v.source.Services {
		if other := &v.source.Services[i]; other.Plan(planID) != nil {
			return nil, nil, ErrBadRequest.WithDescription("plan_id %q is a plan of the service %q, not of service_id %q", shorten(planID), other.Name, shorten(serviceID))
		}
	}
	return service, nil, nil
}
