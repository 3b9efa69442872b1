package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// maxClaimLength is the longest accepted name or platform, in bytes. They become
// part of database keys and log lines.
const maxClaimLength = 255

// claims are the claims of a token whose signature, issuer, audience and expiry
// have been verified.
type claims map[string]json.RawMessage

func readClaims(token *oidc.IDToken) (claims, error) {
	var c claims
	if err := token.Claims(&c); err != nil {
		return nil, errors.New("the claims of the token are not a JSON object")
	}
	return c, nil
}

// name returns the claim, which must be a valid name.
func (c claims) name(claim string) (string, error) {
	raw, found := c[claim]
	if !found {
		return "", fmt.Errorf("the token has no claim %q", claim)
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil || name == "" || len(name) > maxClaimLength || !printable(name) {
		return "", fmt.Errorf("the claim %q of the token is not a string of 1 to %d printable bytes", claim, maxClaimLength)
	}
	return name, nil
}

// scopes returns the scopes in the claims "scope" (RFC 8693) and "scp" (Azure,
// Okta).
func (c claims) scopes() ([]string, error) {
	var scopes []string
	for _, claim := range [...]string{"scope", "scp"} {
		raw, found := c[claim]
		if !found {
			continue
		}
		var words string
		var list []string
		switch {
		case json.Unmarshal(raw, &words) == nil:
			scopes = append(scopes, strings.Fields(words)...)
		case json.Unmarshal(raw, &list) == nil:
			scopes = append(scopes, list...)
		default:
			return nil, fmt.Errorf("the claim %q of the token is neither a string nor an array of strings", claim)
		}
	}
	return scopes, nil
}

// checkNotBefore refuses tokens that are not valid yet. The check of go-oidc has
// a leeway of minutes.
func (c claims) checkNotBefore(latest time.Time) error {
	raw, found := c["nbf"]
	if !found {
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return errors.New("the claim \"nbf\" of the token is not a number")
	}
	if seconds > float64(latest.Unix()) {
		return errors.New("the token is not valid yet")
	}
	return nil
}
