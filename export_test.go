package openbroker

// WithClock lets tests set the clock of a handler.
var WithClock = withClock
