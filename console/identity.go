package console

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
)

// maxClaim is the longest name, subject or group, in bytes.
const maxClaim = 255

// An identity is who has logged in, as the ID token says.
type identity struct {
	Name, Subject string
	Groups        []string
}

// identify verifies an ID token, and returns its user. The error has no part of the
// token but single claims of a token that the provider has signed.
func (o *OIDC) identify(ctx context.Context, known *discovered, raw, nonce string) (*identity, error) {
	token, err := known.provider.Verifier(&oidc.Config{ClientID: o.ClientID, Now: o.now}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return nil, errors.New("the ID token has the nonce of another login")
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return nil, errors.New("the claims of the ID token are not a JSON object")
	}
	// A token for several clients says which of them it was issued to.
	if _, found := c["azp"]; found {
		if party, err := c.text("azp"); err != nil || party != o.ClientID {
			return nil, errors.New("the ID token was issued to another client (azp)")
		}
	}
	who := new(identity)
	if who.Subject, err = c.text("sub"); err != nil {
		return nil, err
	}
	if who.Name, err = c.text(o.NameClaim); err != nil {
		return nil, err
	}
	if raw, found := c["email_verified"]; found && o.NameClaim == "email" && string(raw) != "true" {
		return nil, errors.New("the provider has not verified the claim email of the ID token")
	}
	who.Groups, err = c.texts(o.GroupsClaim)
	return who, err
}

// claims are those of a verified token.
type claims map[string]json.RawMessage

func (c claims) text(claim string) (string, error) {
	raw, found := c[claim]
	if !found {
		return "", fmt.Errorf("the ID token has no claim %q", claim)
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || len(text) > maxClaim || !printable(text) {
		return "", fmt.Errorf("the claim %q of the ID token is not a text of 1 to %d printable bytes", claim, maxClaim)
	}
	return text, nil
}

// texts returns a claim that may be missing, one text or a list.
func (c claims) texts(claim string) ([]string, error) {
	raw, found := c[claim]
	if !found || string(raw) == "null" {
		return nil, nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err == nil {
		return list, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, fmt.Errorf("the claim %q of the ID token is neither a text nor a list of texts", claim)
	}
	return []string{text}, nil
}

// printable reports whether a text has characters, and only such that a reader sees.
func printable(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
