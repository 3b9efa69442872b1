//go:build !race

package simulation_test

// seeds is how many seeds the test runs.
const seeds = enough
