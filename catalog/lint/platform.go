package lint

import (
	"fmt"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/rules"
)

// A Platform is a platform for which lint knows how it treats catalogs.
type Platform string

// The platforms.
const (
	CloudFoundry   Platform = "cloudfoundry"
	Korifi         Platform = "korifi"
	ServiceManager Platform = "sm"
	// Kubernetes is the service catalog of Kubernetes and its client.
	Kubernetes Platform = "kubernetes"
)

// Platforms returns all platforms.
func Platforms() []Platform {
	all := rules.Platforms()
	platforms := make([]Platform, len(all))
	for i := range all {
		platforms[i] = Platform(all[i])
	}
	return platforms
}

// Title returns the name of the platform for texts.
func (p Platform) Title() string {
	switch p {
	case CloudFoundry:
		return "Cloud Foundry"
	case Korifi:
		return "Korifi"
	case ServiceManager:
		return "Service Manager"
	case Kubernetes:
		return "Kubernetes service-catalog"
	default:
		return string(p)
	}
}

// ParsePlatform returns the platform with the given name, such as "korifi"; "cf"
// is short for "cloudfoundry". The error for an unknown name lists the known ones.
func ParsePlatform(name string) (Platform, error) {
	if name == "cf" {
		return CloudFoundry, nil
	}
	names := make([]string, 0, len(Platforms()))
	for _, platform := range Platforms() {
		if string(platform) == name {
			return platform, nil
		}
		names = append(names, string(platform))
	}
	return "", fmt.Errorf("unknown platform %q: use one of %s", name, strings.Join(names, ", "))
}
