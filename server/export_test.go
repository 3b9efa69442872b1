package server

// Frame follows requests in the pieces in which they arrive, and returns how many
// headers have ended and which request is ambiguous, or 0.
func Frame(pieces ...[]byte) (headers, ambiguous int64) {
	var f framing
	for _, p := range pieces {
		if n := f.read(p); n > 0 && ambiguous == 0 {
			ambiguous = n
		}
	}
	return f.headers, ambiguous
}

// PlainErrorAsJSON is what is written in place of p, or nil.
func PlainErrorAsJSON(p []byte) []byte { return plainErrorAsJSON(p) }
