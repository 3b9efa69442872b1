// Package simulation runs three replicas of the engine on one store in memory, in a bubble of
// testing/synctest, under faults that a seed decides. README.md says what it covers.
package simulation
