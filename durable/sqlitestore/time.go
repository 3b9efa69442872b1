package sqlitestore

import "time"

// The database stores times as microseconds since 1970, and the zero time as 0.
// Integers compare and index well, and keep the precision that the contract
// promises.

func toMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// after returns now + d, or 0 if d is not positive.
func after(now int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return now + d.Microseconds()
}
