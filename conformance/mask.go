package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

const (
	masked = "***"
	// maxShown is the largest body in a report.
	maxShown = 4 << 10
	// minSecret is the shortest secret that is masked wherever it occurs.
	minSecret = 4
)

// secretName matches the names of members whose values are secret.
var secretName = regexp.MustCompile(`(?i)passw|secret|token|passphrase|private.?key|api.?key|credential_value|authorization`)

var (
	// revealing matches a text that may contain secrets. It is for texts that are
	// not JSON.
	revealing = regexp.MustCompile(secretName.String() + `|(?i)credentials`)
	// stringOrName matches a JSON string, which may be cut off, with the colon
	// after it if it is the name of a member.
	stringOrName = regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:"\s*:?|\\?$)`)
	// assigned matches a name such as "password=" and the value after it, up to a
	// separator.
	assigned = regexp.MustCompile(`((?:` + secretName.String() + `)[\w.-]*['"]?\s*[=:]\s*['"]?)[^\s,;&"'}\]]+`)
)

// userInfo matches credentials within a URL.
var userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s"@]+@`)

// A masker keeps secrets out of reports: the login, credentials, and the
// parameters of the user.
type masker struct {
	secrets []string
	// parameters is true if the requests have parameters of the user.
	parameters bool
}

func newMasker(target Target, options Options) *masker {
	m := &masker{parameters: len(options.Parameters) > 0}
	m.add(target.Password)
	m.add(target.Bearer)
	if target.Username != "" || target.Password != "" {
		m.add(base64.StdEncoding.EncodeToString([]byte(target.Username + ":" + target.Password)))
	}
	for _, parameters := range options.Parameters {
		for _, values := range []map[string]any{
			parameters.Provision, parameters.Update, parameters.Bind, parameters.FailProvision, parameters.FailDeprovision,
		} {
			m.addAll(values)
		}
	}
	return m
}

func (m *masker) add(secret string) {
	if len(secret) >= minSecret {
		m.secrets = append(m.secrets, secret)
		if quoted, err := json.Marshal(secret); err == nil && string(quoted[1:len(quoted)-1]) != secret {
			m.secrets = append(m.secrets, string(quoted[1:len(quoted)-1]))
		}
	}
}

func (m *masker) addAll(value any) {
	switch value := value.(type) {
	case string:
		m.add(value)
	case map[string]any:
		for _, inner := range value {
			m.addAll(inner)
		}
	case []any:
		for _, inner := range value {
			m.addAll(inner)
		}
	}
}

// text masks the secrets that occur in a text.
func (m *masker) text(text string) string {
	for _, secret := range m.secrets {
		text = strings.ReplaceAll(text, secret, masked)
	}
	return userInfo.ReplaceAllString(text, "${1}"+masked+"@")
}

// exchange returns the masked exchange of an answer.
func (m *masker) exchange(a *answer) Exchange {
	e := a.exchange
	e.URL = m.text(e.URL)
	e.RequestHeader, e.ResponseHeader = m.header(e.RequestHeader), m.header(a.header)
	e.RequestBody = m.body([]byte(e.RequestBody))
	e.ResponseBody = m.body(a.body)
	e.Status, e.Error = a.status, m.text(a.failure)
	return e
}

func (m *masker) header(header http.Header) http.Header {
	shown := http.Header{}
	for name, values := range header {
		for _, value := range values {
			switch name {
			case "Authorization":
				scheme, _, _ := strings.Cut(value, " ")
				value = scheme + " " + masked
			case "Cookie", "Set-Cookie", "Proxy-Authorization":
				value = masked
			default:
				value = m.text(value)
			}
			shown.Add(name, value)
		}
	}
	return shown
}

// body masks a body. A body that is not JSON stays text. It loses known secrets
// and everything that may be one.
func (m *masker) body(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	text := string(body)
	if doc := readDocument(body); doc.fault != "" {
		text = unparsed(text)
	} else if doc.value != nil {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(m.value(doc.value)); err == nil {
			text = strings.TrimSuffix(b.String(), "\n")
		}
	}
	return clip(m.text(text), maxShown)
}

// unparsed masks a text that is not valid JSON. If the text may contain a
// secret, it masks all strings except names of members, and all values of names
// such as "password=".
func unparsed(text string) string {
	if !revealing.MatchString(text) {
		return text
	}
	text = stringOrName.ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasSuffix(s, ":") {
			return s
		}
		return `"` + masked + `"`
	})
	return assigned.ReplaceAllString(text, "${1}"+masked)
}

// value masks within a JSON value.
func (m *masker) value(value any) any {
	switch value := value.(type) {
	case map[string]any:
		shown := make(map[string]any, len(value))
		for name, inner := range value {
			switch {
			case name == "credentials", name == "parameters" && m.parameters:
				shown[name] = hidden(inner)
			case secretName.MatchString(name) && !isContainer(inner):
				shown[name] = masked
			default:
				shown[name] = m.value(inner)
			}
		}
		return shown
	case []any:
		shown := make([]any, len(value))
		for i, inner := range value {
			shown[i] = m.value(inner)
		}
		return shown
	default:
		return value
	}
}

func isContainer(value any) bool { return anObject.is(value) || anArray.is(value) }

// hidden keeps the names of an object and masks all values.
func hidden(value any) any {
	switch value := value.(type) {
	case map[string]any:
		shown := make(map[string]any, len(value))
		for name, inner := range value {
			shown[name] = hidden(inner)
		}
		return shown
	case nil:
		return nil
	default:
		return masked
	}
}
