package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker"
)

// formatCost writes a cost for readers: "25 EUR or 30 USD, MONTHLY" (profile.md, "Cost
// Object").
func formatCost(c openbroker.Cost) string {
	amounts := make([]string, 0, len(c.Amount))
	for _, currency := range slices.Sorted(maps.Keys(c.Amount)) {
		amounts = append(amounts, strconv.FormatFloat(c.Amount[currency], 'f', -1, 64)+" "+strings.ToUpper(currency))
	}
	return strings.Join(amounts, " or ") + ", " + c.Unit
}

func formatCosts(costs []openbroker.Cost) string {
	if len(costs) == 0 {
		return "nothing stated"
	}
	texts := make([]string, len(costs))
	for i, c := range costs {
		texts[i] = formatCost(c)
	}
	return strings.Join(texts, "; ")
}
