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
// where service is a service id of the broker, not empty, and operation is what the broker
// returned. Each of the two is written as it is if it consists of letters,
// digits and "-._", and otherwise as "~" and Base64. All of this is unreserved
// in URLs (RFC 3986, 2.3). The service id, not the position of the broker, makes
// the operation survive a restart with other brokers.

// maxOperationLength is the most characters an operation may have (spec.md,
// "Provisioning" and others, field operation).
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

// isPlain reports whether the part can be written as it is.
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

// decodeOperation is the inverse of encodeOperation. It accepts nothing else.
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

// decodeLegacy reads the form of openbrokerapi's Router: a service id, or a
// service id, a space and an operation. Since nothing marks it, the service must
// be known or be the one that the request names.
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

// wrap returns the operation that tells where to poll an operation of m.
func (r *Router) wrap(m *member, serviceID, operation string) (string, error) {
	x := r.index.Load()
	// A retired service would not lead back to the broker.
	if at, known := x.services[serviceID]; !known || at.position != m.position {
		if services := x.sources[m.position].Services; len(services) > 0 {
			serviceID = services[0].ID
		}
	}
	if serviceID == "" {
		return operation, nil // An invalid catalog; there is nothing to lead back.
	}
	wrapped := encodeOperation(serviceID, operation)
	if len(wrapped) <= maxOperationLength {
		return wrapped, nil
	}
	// Too long to carry more. The hints or the brokers will have to tell, unless
	// the operation would be taken for a wrapped one.
	if from, _ := r.unwrap(operation, serviceID); from != "" {
		return "", fmt.Errorf("router: the operation of broker %d has %d bytes, which leaves no room for the routing in %d characters: make it shorter", m.position, len(operation), maxOperationLength)
	}
	return operation, nil
}

// unwrap returns the service id that an operation names, or "", and the
// operation of the broker itself.
func (r *Router) unwrap(operation, hint string) (service, own string) {
	if service, own, ok := decodeOperation(operation); ok {
		return service, own
	}
	if service, own, ok := r.index.Load().decodeLegacy(operation, hint); ok {
		return service, own
	}
	return "", operation
}
