// Package bench measures the cost of openbroker as ratios to a floor, which is
// the least that any broker has to do. Both are measured in the same run, so
// the machine and its load affect both. Run it with make bench.
//
// The package owns the benchmarks, their floors and their targets. It does not
// own thresholds that fail a build: it reports each target as a metric beside
// the result.
package bench
