package audit

import (
	"crypto/rand"
	"time"
)

// NewID returns an id for a moment: unique, safe in URLs, and greater than the ids of
// earlier microseconds. Inserts in order are the cheapest for an index.
func NewID(at time.Time) string {
	const micros = 1000
	return IDAt(at) + digits(at.UnixMicro()%micros, 2) + rand.Text()[:14]
}

// IDAt returns the least id of a moment, to a millisecond.
func IDAt(at time.Time) string { return digits(at.UnixMilli(), 10) }

// digits returns the last n digits of a number to the base 32.
func digits(number int64, n int) string {
	const ordered = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ" // In the order of their codes.
	text := make([]byte, n)
	for i := n - 1; i >= 0; i, number = i-1, number/32 {
		text[i] = ordered[number%32]
	}
	return string(text)
}
