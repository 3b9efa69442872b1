package specimen

import (
	"net/http"
	"strconv"
	"strings"
)

// checkVersion implements "API Version Header".
func (b *Broker) checkVersion(q *request) *refusal {
	value := q.Header.Get("X-Broker-API-Version")
	if b.varies("version-unchecked") {
		return nil
	}
	if value == "" {
		switch {
		case b.broken("version.missing-500"):
			return refuse(http.StatusInternalServerError, "", "Something went wrong.")
		case b.broken("version.missing-500-on-delete") && q.Method == http.MethodDelete:
			return refuse(http.StatusInternalServerError, "", "Something went wrong.")
		case b.broken("version.missing-accepted"):
			return nil
		case b.broken("version.missing-412"), b.varies("version-missing-412"):
			return refuse(http.StatusPreconditionFailed, "", "")
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
		return refuse(http.StatusBadRequest, "", "The header X-Broker-API-Version must be MAJOR.MINOR, such as 2.17.")
	}
	unsupported := major != 2 || minor < 13
	switch {
	case b.broken("version.other-major-accepted"):
		unsupported = major == 2 && minor < 13
	case b.broken("version.up-to-2.17"):
		unsupported = unsupported || minor > 17
	case b.broken("version.compared-as-text"):
		unsupported = value < "2.13" || value > "2.2"
	case b.broken("version.up-to-2.16"):
		unsupported = unsupported || minor == 17 && q.endpoint == catalog
	case b.broken("version.from-2.14"):
		unsupported = unsupported || minor == 13
	case b.broken("version.not-2.14-on-catalog") && q.endpoint == catalog,
		b.broken("version.not-2.14-on-fetch") && q.endpoint == fetchInstance,
		b.broken("version.not-2.14-on-unbind") && q.endpoint == unbind:
		unsupported = unsupported || minor == 14
	case b.broken("version.not-2.13-on-bind") && q.endpoint == bind,
		b.broken("version.not-2.13-on-unbind") && q.endpoint == unbind,
		b.broken("version.not-2.13-on-deprovision") && q.endpoint == deprovision:
		unsupported = unsupported || minor == 13
	case b.broken("version.not-2.15"):
		unsupported = unsupported || minor == 15
	}
	if !unsupported {
		return nil
	}
	switch {
	case b.broken("version.unsupported-400"):
		return refuse(http.StatusBadRequest, "", "Use version 2.13 or a later version of 2.x.")
	case b.broken("version.unsupported-without-message"):
		return refuse(http.StatusPreconditionFailed, "", "")
	}
	return refuse(http.StatusPreconditionFailed, "", "Use version 2.13 or a later version of 2.x.")
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
