package simulator

import (
	"context"
	"errors"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/semver"
)

// SetMaintenanceInfo changes the maintenance_info of the plans async and
// updateable, so that platforms can upgrade their instances (spec.md,
// "Maintenance Info Object"). It returns an error if version is not a semantic
// version.
func (s *Simulator) SetMaintenanceInfo(version, description string) error {
	if !semver.Valid(version) {
		return errors.New(`version must be a semantic version such as "2.0.0"`)
	}
	return s.engine.SetCatalog(newCatalog(s.plans, &openbroker.MaintenanceInfo{Version: version, Description: description}))
}

// MaintenanceInfo returns the current maintenance_info, or nil if the catalog
// has neither plan.
func (s *Simulator) MaintenanceInfo(ctx context.Context) (*openbroker.MaintenanceInfo, error) {
	catalog, err := s.engine.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	for _, plan := range catalog.Services[0].Plans {
		if plan.MaintenanceInfo != nil {
			return plan.MaintenanceInfo, nil
		}
	}
	return nil, nil //nolint:nilnil // The plans have no maintenance_info.
}

func (s *Simulator) resetMaintenanceInfo() error {
	return s.engine.SetCatalog(newCatalog(s.plans, firstMaintenance()))
}
