package audit

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

// A Request is what the trail keeps of a request to the broker. The engine takes it from
// the context.
type Request struct {
	Names           Names
	RequestIdentity string
	// Accepted is set once an operation has begun for the request, and its entry is in
	// the store.
	Accepted *Record

	// refusal and credentials say that these have their entries already.
	refusal, credentials bool
}

// Caller sets the names and the request identity.
func (r *Request) Caller(caller *openbroker.Caller) {
	r.Names, r.RequestIdentity = NamesOf(caller), shorten(caller.RequestIdentity)
}

type requestKey struct{}

// WithRequest returns a context with the request.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestFrom returns the request of the context, or nil.
func RequestFrom(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// NewRequest returns the request of a caller.
func NewRequest(caller *openbroker.Caller) *Request {
	r := &Request{}
	r.Caller(caller)
	return r
}

// NamesOf returns the names of a caller. Of the originating identity it keeps only what
// identifies a user.
func NamesOf(caller *openbroker.Caller) Names {
	n := Names{Actor: shorten(caller.Principal.Name), Method: shorten(caller.Principal.Method)}
	if caller.Identity != nil {
		n.UserPlatform, n.User = shorten(caller.Identity.Platform), userOf(caller.Identity)
	}
	return n
}

// userOf decodes an originating identity (profile.md, "Originating Identity Header").
// Other platforms than Cloud Foundry and Kubernetes use the names of one of the two.
func userOf(identity *openbroker.OriginatingIdentity) *User {
	var value map[string]any
	if json.Unmarshal(identity.Value, &value) != nil {
		return nil
	}
	first := func(names ...string) string {
		for _, name := range names {
			if text, ok := value[name].(string); ok && text != "" {
				return shorten(text)
			}
		}
		return ""
	}
	user := User{ID: first("user_id", "uid", "sub", "id"), Name: first("username", "user_name", "email", "name")}
	if user == (User{}) {
		return nil
	}
	return &user
}

// maxText bounds a text of a client, in bytes.
const maxText = 256

func shorten(text string) string {
	text = clean(text)
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) { // Not inside a character.
		end--
	}
	return text[:end]
}
