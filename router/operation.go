package router

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// The operation of an accepted response is
//
//	"~" service "~" operation
//
// where service is a non-empty service id of the broker, and operation is the operation
// that the broker returned. Each of the two is written unchanged if it consists of
// letters, digits and "-._", and otherwise as "~" and Base64. All these characters
// are unreserved in URLs (RFC 3986, 2.3). A service id, unlike the position of the
// broker, stays valid when the router restarts with other brokers.

// maxOperationLength is the maximum number of characters of an operation
// (spec.md, "Provisioning" and others, field operation).
const maxOperationLength = 10_000

const separator = "~"

var encoding = base64.RawURLEncoding.Strict()

func encodeOperation(service, operation string) string {
	return separator + encodePart(service) + separator + encodePart(operation)
}

func encodePart(part string) string {
	if isPlain(part) {
		return part
	}
	return separator + encoding.EncodeToString([]byte(part))
}

// isPlain reports whether the part can be written unchanged.
func isPlain(part string) bool {
	for i := range len(part) {
		switch c := part[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

// decodeOperation is the inverse of encodeOperation. It accepts only results of
// encodeOperation.
func decodeOperation(encoded string) (service, operation string, ok bool) {
	rest, ok := strings.CutPrefix(encoded, separator)
	if !ok {
		return "", "", false
	}
	mark := ""
	if strings.HasPrefix(rest, separator) {
		mark, rest = separator, rest[len(separator):]
	}
	first, second, ok := strings.Cut(rest, separator)
	if !ok {
		return "", "", false
	}
	if service, ok = decodePart(mark + first); !ok {
		return "", "", false
	}
	if operation, ok = decodePart(second); !ok {
		return "", "", false
	}
	return service, operation, true
}

func decodePart(encoded string) (string, bool) {
	text, marked := strings.CutPrefix(encoded, separator)
	if !marked {
		return encoded, isPlain(encoded)
	}
	// The decoder would skip line breaks.
	if strings.ContainsAny(text, "\r\n") {
		return "", false
	}
	decoded, err := encoding.DecodeString(text)
	return string(decoded), err == nil && !isPlain(string(decoded))
}

// decodeLegacy decodes the form of openbrokerapi's Router: a service id, or a
// service id, a space and an operation. The form has no marker, so the service id
// must be known, or equal that of the request.
func (x *index) decodeLegacy(encoded, hint string) (service, operation string, ok bool) {
	consider := func(id string) {
		if id != "" && len(id) > len(service) && strings.HasPrefix(encoded, id) && (len(encoded) == len(id) || encoded[len(id)] == ' ') {
			service = id
		}
	}
	consider(hint)
	for id := range x.services {
		consider(id)
	}
	if service == "" {
		return "", "", false
	}
	return service, strings.TrimPrefix(encoded[len(service):], " "), true
}

// wrap returns an operation from which unwrap finds member m.
func (r *Router) wrap(m *member, serviceID, operation string) (string, error) {
	x := r.index.Load()
	// A retired service would not lead back to the broker.
	if at, known := x.services[serviceID]; !known || at.position != m.position {
		if services := x.sources[m.position].Services; len(services) > 0 {
			serviceID = services[0].ID
		}
	}
	if serviceID == "" {
		return operation, nil // The catalog is invalid: it has no service id to wrap.
	}
	wrapped := encodeOperation(serviceID, operation)
	if len(wrapped) <= maxOperationLength {
		return wrapped, nil
	}
	// The operation is too long to be wrapped. Hints or trials find the broker,
	// unless the operation itself looks like a wrapped one.
	if from, _ := r.unwrap(operation, serviceID); from != "" {
		return "", fmt.Errorf("router: the operation of broker %d has %d bytes, which leaves no room for the service id within %d characters: make it shorter", m.position, len(operation), maxOperationLength)
	}
	return operation, nil
}

// unwrap returns the service id in an operation, or "", and the broker's own
// operation.
func (r *Router) unwrap(operation, hint string) (service, own string) {
	if service, own, ok := decodeOperation(operation); ok {
		return service, own
	}
	if service, own, ok := r.index.Load().decodeLegacy(operation, hint); ok {
		return service, own
	}
	return "", operation
}
