package specimen

import (
	"net/http"
	"strconv"
	"strings"
)

// checkVersion holds to "API Version Header".
func (b *Broker) checkVersion(q *request) *refusal {
	value := q.Header.Get("X-Broker-API-Version")
	if b.varies("version-unchecked") {
		return nil
	}
	if value == "" {
		switch {
		case b.broken("version.missing-500"):
			return refuse(http.StatusInternalServerError, "", "Something went wrong.")
		case b.broken("version.missing-accepted"),
			b.broken("version.missing-accepted-on-delete") && q.Method == http.MethodDelete,
			b.broken("version.missing-accepted-on-poll") && q.endpoint == pollInstance:
			return nil
		case b.broken("version.missing-401"):
			return refuse(http.StatusUnauthorized, "", "The header X-Broker-API-Version is required.")
		case b.broken("version.missing-without-message"):
			return refuse(http.StatusBadRequest, "", "")
		}
		return refuse(http.StatusBadRequest, "", "The header X-Broker-API-Version is required.")
	}
	major, minor, ok := parseVersion(value)
	if !ok {
		switch {
		case b.broken("version.junk-500"):
			return refuse(http.StatusInternalServerError, "", "Something went wrong.")
		case b.broken("version.junk-accepted"):
			return nil
		}
		return refuse(http.StatusBadRequest, "", "The header X-Broker-API-Version must be MAJOR.MINOR, like 2.17.")
	}
	unsupported := major != 2 || minor < 13
	switch {
	case b.broken("version.other-major-accepted"):
		unsupported = major == 2 && minor < 13
	case b.broken("version.only-2.17"):
		unsupported = value != "2.17"
	case b.broken("version.compared-as-text"):
		unsupported = value < "2.13" || value > "2.17"
	}
	if !unsupported {
		return nil
	}
	switch {
	case b.broken("version.unsupported-400"):
		return refuse(http.StatusBadRequest, "", "Use version 2.13 or a later one of 2.x.")
	case b.broken("version.unsupported-without-message"):
		return refuse(http.StatusPreconditionFailed, "", "")
	}
	return refuse(http.StatusPreconditionFailed, "", "Use version 2.13 or a later one of 2.x.")
}

func parseVersion(value string) (major, minor int, ok bool) {
	left, right, found := strings.Cut(value, ".")
	major, err := strconv.Atoi(left)
	if err != nil || !found {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(right)
	return major, minor, err == nil && major >= 0 && minor >= 0
}
