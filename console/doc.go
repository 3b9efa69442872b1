// Package console serves web pages for the operators of a broker: what needs
// attention, instances, operations, the catalog and the health of the process. An
// operator can retry, cancel and fail operations there, with the same code and the
// same audit entries as the command admin.
//
// The package owns the pages, who may see them, the login of users by OpenID Connect,
// and the protection against other web sites. It does not own what operators may do:
// that is package durable/admin. It shows no parameters, credentials or other sealed
// data, only names of parameters.
//
// guard.go has the checks of each request, and login.go the login: provider.go talks to
// the provider, identity.go reads its tokens, and session.go keeps the sessions.
// routes.go lists the pages. A page is a file here and a file in templates.
package console
