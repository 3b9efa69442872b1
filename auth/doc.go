// Package auth decides who a request to a service broker comes from (spec.md,
// "Platform to Service Broker Authentication"). Each type is an
// [openbroker.Authenticator] for [openbroker.WithAuthenticator]:
//
//   - [Basic]: user names and passwords, plain or hashed, several at once, so
//     that a pair can be rotated while both work; replaced without a restart.
//   - [Bearer]: JSON Web Tokens, checked against an OpenID Connect issuer, a
//     JSON Web Key Set or fixed public keys.
//   - [ClientCert]: TLS client certificates.
//   - [Proxy]: what a proxy in front says, if it is on a list of addresses.
//   - [Any]: one of several.
//   - [Refusal]: another text, realm and headers for the 401 of one.
//   - [None]: everyone, on purpose.
//
// The principal reaches the broker in [openbroker.Caller]. Its Platform comes
// from the credential; principals of one platform see the same instances.
//
// The package owns the decision and nothing else. It answers no request: the
// handler turns its errors into a 401, 403 or 503 with a JSON body. It sets up
// no TLS, issues no tokens and manages no users. What was wrong with a refused
// request is the cause of the error, for the log; it holds no secret. The
// platform learns that it was refused, and only of a token with a right
// signature that it has expired or lacks a scope.
package auth
