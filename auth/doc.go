// Package auth authenticates the callers of a service broker (spec.md, "Platform
// to Service Broker Authentication"). Each type is an
// [openbroker.Authenticator] for [openbroker.WithAuthenticator]:
//
//   - [Basic]: user names and passwords, plain or hashed. Several credentials can
//     be valid at the same time, so that they can be rotated, and they can be
//     replaced without a restart.
//   - [Bearer]: JSON Web Tokens, checked against an OpenID Connect issuer, a
//     JSON Web Key Set or fixed public keys.
//   - [ClientCert]: TLS client certificates.
//   - [Proxy]: the user name that a trusted proxy passes on.
//   - [Any]: any of several authenticators.
//   - [WithUnauthorizedResponse]: an authenticator with another text, realm and
//     headers in its 401.
//   - [None]: no authentication, on purpose.
//
// The principal reaches the broker in [openbroker.Caller]. Its Platform comes
// from the credential; principals of one platform see the same instances.
//
// The package owns the decision and nothing else. It writes no responses: the
// handler turns its errors into a 401, 403 or 503 with a JSON body. It does not
// set up TLS, issue tokens or manage users. The cause of an error says what was
// wrong with the request; it is meant for the log and holds no secret. The
// platform learns only that the request was refused, with one exception: if the
// signature of a token is right, the response says that the token has expired or
// lacks a scope.
package auth
