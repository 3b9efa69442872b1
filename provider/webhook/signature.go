package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

const (
	secretPrefix = "whsec_"
	// The size of secrets, in bytes, by the specification of Standard Webhooks.
	minSecret, maxSecret = 24, 64
	// maxID bounds the length of an id.
	maxID = 256
	// maxSignatures bounds the signatures that are compared.
	maxSignatures = 16
	// signatureVersion marks signatures by HMAC-SHA-256.
	signatureVersion = "v1,"
)

// secrets sign messages and verify them, by Standard Webhooks: an HMAC-SHA-256 over the
// id, the time and the body. All of them sign, and one is enough to verify, so that they
// can be replaced without a pause.
type secrets [][]byte

// parseSecret decodes a secret in the form of Standard Webhooks. The error does not show
// it.
func parseSecret(text string) ([]byte, error) {
	encoded, found := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil {
		return nil, errors.New(`must be whsec_ and 24 to 64 random bytes in base64: make one with echo "whsec_$(openssl rand -base64 32)"`)
	}
	if len(key) < minSecret || len(key) > maxSecret {
		return nil, fmt.Errorf("has %d bytes behind whsec_: use %d to %d random ones", len(key), minSecret, maxSecret)
	}
	return key, nil
}

// sign sets the three headers of a message.
func (s secrets) sign(header http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(s))
	for i, key := range s {
		signatures[i] = signatureVersion + base64.StdEncoding.EncodeToString(mac(key, id, timestamp, body))
	}
	header.Set(headerID, id)
	header.Set(headerTimestamp, timestamp)
	header.Set(headerSignature, strings.Join(signatures, " "))
}

func mac(key []byte, id, timestamp string, body []byte) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(id + "." + timestamp + "."))
	hash.Write(body)
	return hash.Sum(nil)
}

// A signed message is verified: it has this id and was signed at this time.
type signed struct {
	id string
	at time.Time
}

// verify returns the id and the time of a message. The error says what is wrong with the
// signature. tolerance is how far the clock
// of the sender may be before or behind the own one.
func (s secrets) verify(header http.Header, body []byte, now time.Time, tolerance time.Duration) (signed, error) {
	id, err := single(header, headerID)
	if err != nil {
		return signed{}, err
	}
	timestamp, err := single(header, headerTimestamp)
	if err != nil {
		return signed{}, err
	}
	signatures, err := single(header, headerSignature)
	if err != nil {
		return signed{}, err
	}
	// A dot in the id could move the border between id and time.
	if len(id) > maxID || strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' || c == '.' }) {
		return signed{}, fmt.Errorf("webhook-id must have at most %d printable ASCII characters, and neither spaces nor dots", maxID)
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || seconds < 0 || len(timestamp) > 12 || timestamp[0] == '+' {
		return signed{}, errors.New("webhook-timestamp must be a number of seconds since 1970")
	}
	if !s.match(id, timestamp, body, signatures) {
		return signed{}, errors.New("webhook-signature has no signature that matches: both sides need the same secret, and the body must be signed as it is sent")
	}
	m := signed{id: id, at: time.Unix(seconds, 0)}
	// Seconds are cut off, so that half a second may look like one.
	if ahead := m.at.Sub(now); ahead > tolerance || -ahead > tolerance+time.Second {
		return signed{}, &skewError{ahead: ahead, tolerance: tolerance}
	}
	return m, nil
}

// A skewError says that the time of a message is too far from that of the broker.
type skewError struct{ ahead, tolerance time.Duration }

func (e *skewError) Error() string {
	direction := "before"
	if e.ahead < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("webhook-timestamp is %v %s the clock of the broker, and %v are allowed: correct the clocks, and sign each retry anew",
		e.ahead.Abs().Round(time.Second), direction, e.tolerance)
}

// match reports whether one of the signatures is one of a secret.
func (s secrets) match(id, timestamp string, body []byte, signatures string) bool {
	matched := false
	count := 0
	for entry := range strings.SplitSeq(signatures, " ") {
		encoded, known := strings.CutPrefix(entry, signatureVersion)
		if !known {
			continue // A newer version.
		}
		if count++; count > maxSignatures {
			break
		}
		given, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			continue
		}
		for _, key := range s {
			matched = hmac.Equal(given, mac(key, id, timestamp, body)) || matched
		}
	}
	return matched
}

// single returns the only value of a header.
func single(header http.Header, name string) (string, error) {
	values := header.Values(name)
	if len(values) != 1 || values[0] == "" {
		return "", fmt.Errorf("it needs exactly one header %s", strings.ToLower(name))
	}
	return values[0], nil
}
