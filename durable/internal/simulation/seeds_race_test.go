//go:build race

package simulation_test

// seeds is how many seeds the test runs with the race detector, which takes ten times as
// long.
const seeds = enough / 10
