// Package bench measures what openbroker costs, as ratios to a floor that is
// measured in the same run: the machine, and what else it does, count for both.
// Run it with make bench.
package bench
