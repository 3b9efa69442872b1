package openbroker

import (
	"context"
	"net/http"
)

// Middleware returns the steps of the handler that apply to every endpoint, for
// programs with their own router and handlers: it echoes the request identity,
// authenticates, checks the API version and decodes the originating identity. It
// answers refused requests as the handler does, and passes other requests on with the
// caller in the context; see [CallerFrom].
func Middleware(options ...Option) func(http.Handler) http.Handler {
	c := newConfig(options)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller := new(Caller)
			c.echoRequestIdentity(w, r, caller)
			if err := c.admit(w, r, caller); err != nil {
				WriteError(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)))
		})
	}
}

func (c *config) admit(w http.ResponseWriter, r *http.Request, caller *Caller) *Error {
	if err := c.authenticate(w, r, caller); err != nil {
		return err
	}
	if err := c.checkVersion(r, caller); err != nil {
		return err
	}
	return c.readIdentity(r, caller)
}

// The names of headers as [http.Header] has them as keys. Each Get of another form of the
// name would make this one.
var (
	canonicalAPIVersion          = http.CanonicalHeaderKey(HeaderAPIVersion)
	canonicalOriginatingIdentity = http.CanonicalHeaderKey(HeaderOriginatingIdentity)
	canonicalRequestIdentity     = http.CanonicalHeaderKey(HeaderRequestIdentity)
)

// firstHeader is Get for a canonical name.
func firstHeader(h http.Header, canonical string) string {
	if values := h[canonical]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// echoRequestIdentity follows spec.md, "Request Identity".
func (c *config) echoRequestIdentity(w http.ResponseWriter, r *http.Request, caller *Caller) {
	if identity := firstHeader(r.Header, canonicalRequestIdentity); identity != "" {
		caller.RequestIdentity = identity
		w.Header()[canonicalRequestIdentity] = []string{identity}
	}
}

// authenticate follows spec.md, "Platform to Service Broker Authentication".
func (c *config) authenticate(w http.ResponseWriter, r *http.Request, caller *Caller) *Error {
	caller.Platform = DefaultPlatform
	if c.authenticator == nil {
		return nil
	}
	principal, err := c.authenticator.Authenticate(r)
	if err == nil {
		caller.Principal = principal
		if principal.Platform != "" {
			caller.Platform = principal.Platform
		}
		return nil
	}
	osbError, ok := asError(err)
	if !ok {
		osbError = ErrUnauthorized.WithCause(err)
	}
	if osbError.Status < 400 || osbError.Status > 599 {
		// An error must not become a success.
		osbError = ErrUnauthorized.WithCause(err)
	}
	if osbError.Status == http.StatusUnauthorized {
		c.challenge(w)
	}
	return osbError
}

func (c *config) challenge(w http.ResponseWriter) {
	if c.authenticator == nil {
		return
	}
	for _, challenge := range c.authenticator.Challenges() {
		w.Header().Add("WWW-Authenticate", challenge)
	}
}

// checkVersion follows spec.md, "API Version Header".
func (c *config) checkVersion(r *http.Request, caller *Caller) *Error {
	header := firstHeader(r.Header, canonicalAPIVersion)
	version, err := ParseVersion(header)
	switch {
	case c.skipVersionCheck:
		caller.APIVersion = version
		return nil
	case header == "":
		return NewError(c.missingVersionStatus, "", "The header "+HeaderAPIVersion+" is required, such as \"2.17\".")
	case err != nil:
		return ErrBadRequest.WithDescription("The header %s is malformed: it %v.", HeaderAPIVersion, err)
	case version.Major != c.minimumVersion.Major, version.Compare(c.minimumVersion) < 0:
		return NewError(http.StatusPreconditionFailed, "", "The API version "+version.String()+
			" is not supported: send "+c.minimumVersion.String()+" or a later minor version in the header "+HeaderAPIVersion+".")
	}
	caller.APIVersion = version
	return nil
}

// readIdentity follows spec.md, "Originating Identity".
func (c *config) readIdentity(r *http.Request, caller *Caller) *Error {
	header := r.Header[canonicalOriginatingIdentity]
	if len(header) == 0 {
		return nil
	}
	identity, err := ParseOriginatingIdentity(header[0])
	if err != nil {
		return ErrBadRequest.WithDescription("The header %s is malformed: it %v.", HeaderOriginatingIdentity, err)
	}
	caller.Identity = identity
	return nil
}
