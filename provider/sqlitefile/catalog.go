package sqlitefile

import (
	_ "embed"

	"github.com/openbroker/openbroker"
)

// The ids of the catalog. They never change.
const (
	ServiceID   = "5b8e3a52-6a0e-4f43-9d0b-5c2f7d1d6a10"
	SmallPlanID = "e2c1a7de-8f6b-4a3c-b1a5-0d6f3f1c9b21"
	LargePlanID = "9a4d5c3b-7e21-4d8f-8c6a-2b7e4f0d8c32"
)

// The quotas of the plans, in pages of PageSize bytes: 1 MiB and 64 MiB.
const (
	PageSize   = 4096
	SmallPages = 256
	LargePages = 16384
)

//go:embed catalog.yaml
var catalogYAML string

// Catalog returns the service sqlite with the plans small and large.
func Catalog() *openbroker.Catalog {
	c, err := Definition.Catalog()
	if err != nil {
		panic(err) // Tests exclude it.
	}
	return c
}
