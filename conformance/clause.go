package conformance

import "strings"

const specification = "https://github.com/openservicebrokerapi/servicebroker/blob/v" + SpecVersion + "/"

// spec cites a section of spec.md.
func spec(section, says string) Clause {
	return Clause{Document: "spec.md", Section: section, URL: specification + "spec.md#" + anchor(section), Says: says}
}

// profileDoc cites a section of profile.md.
func profileDoc(section, says string) Clause {
	return Clause{
		Document: "profile.md", Section: section,
		URL: specification + "profile.md#" + anchor(section), Says: says,
	}
}

// rfc cites RFC 9110 (HTTP) or RFC 8259 (JSON).
func rfc(number, section, says string) Clause {
	return Clause{
		Document: "RFC " + number, Section: section,
		URL: "https://www.rfc-editor.org/rfc/rfc" + number + "#section-" + section, Says: says,
	}
}

// platform cites the behaviour of a platform, as its source code shows it.
func platform(profile Profile, section, says string) Clause {
	clause := Clause{Section: section, Says: says}
	switch profile {
	case CloudFoundry:
		clause.Document, clause.URL = "Cloud Controller", "https://github.com/cloudfoundry/cloud_controller_ng"
	case Korifi:
		clause.Document, clause.URL = "Korifi", "https://github.com/cloudfoundry/korifi"
	case Kubernetes:
		clause.Document, clause.URL = "Kubernetes service catalog", "https://github.com/kubernetes-retired/service-catalog"
	default:
		clause.Document, clause.URL = "Service Manager", "https://github.com/Peripli/service-manager"
	}
	return clause
}

// anchor returns the URL fragment of a heading on GitHub.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		}
	}
	return b.String()
}
