package message

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// minMasked is the length of the shortest text that a [Masker] hides. Shorter ones, such as
// "rw", are in many words.
const minMasked = 4

// masked replaces a secret.
const masked = "[redacted]"

// A Masker hides secret texts in what a provider prints. The zero value hides nothing.
type Masker struct{ secrets map[string]bool }

// Request adds the texts of a request that may be secret: those of parameters, states,
// the checkpoint, and the secrets of the settings.
func (m *Masker) Request(r *Request) {
	for _, i := range []*Instance{r.Instance, r.Previous} {
		if i != nil {
			m.JSON(i.Parameters)
			m.JSON(i.State)
		}
	}
	if r.Binding != nil {
		m.JSON(r.Binding.Parameters)
		m.JSON(r.Binding.State)
	}
	m.JSON(r.Checkpoint)
	for _, secret := range r.Secrets {
		m.Text(secret)
	}
}

// Answer adds the texts of an answer that are secret: those of credentials and the state.
func (m *Masker) Answer(a *Answer) {
	m.value(map[string]any(a.Credentials))
	m.JSON(a.State)
	m.Text(a.SyslogDrainURL)
	for i := range a.VolumeMounts {
		m.value(a.VolumeMounts[i].Device.MountConfig)
	}
}

// JSON adds all texts in a value, but not the names of members.
func (m *Masker) JSON(raw json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) == nil {
		m.value(value)
	}
}

func (m *Masker) value(value any) {
	switch value := value.(type) {
	case string:
		m.Text(value)
	case map[string]any:
		for _, inner := range value {
			m.value(inner)
		}
	case []any:
		for _, inner := range value {
			m.value(inner)
		}
	default: // A number, a boolean or null.
	}
}

// Text adds a text, in the forms in which programs print it: as it is, each line of it, as
// JSON, in a URL, and in base64.
func (m *Masker) Text(secret string) {
	if len(secret) < minMasked {
		return
	}
	if m.secrets == nil {
		m.secrets = map[string]bool{}
	}
	for _, line := range append(strings.FieldsFunc(secret, func(c rune) bool { return c == '\n' || c == '\r' }), secret) {
		if len(line) < minMasked {
			continue
		}
		m.secrets[line] = true
		if encoded, err := json.Marshal(line); err == nil {
			m.secrets[string(encoded[1:len(encoded)-1])] = true
		}
		m.secrets[url.QueryEscape(line)] = true
		m.secrets[url.PathEscape(line)] = true
		m.secrets[url.UserPassword("", line).String()[1:]] = true
		m.secrets[base64.StdEncoding.EncodeToString([]byte(line))] = true
	}
}

// Mask replaces the secrets in a text. cut says that the end of the text is missing: then
// Mask also removes the beginning of a secret at the end.
func (m *Masker) Mask(text string, cut bool) string {
	secrets := make([]string, 0, len(m.secrets))
	for secret := range m.secrets {
		secrets = append(secrets, secret)
	}
	// The replacer takes the first of several that match at one place.
	slices.SortFunc(secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(secrets))
	for _, secret := range secrets {
		pairs = append(pairs, secret, masked)
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	if cut {
		longest := 0
		for _, secret := range secrets {
			for n := min(len(secret)-1, len(text)); n > longest; n-- {
				if strings.HasSuffix(text, secret[:n]) {
					longest = n
				}
			}
		}
		text = text[:len(text)-longest]
	}
	return text
}
