package server

// Frame reads requests in pieces. It returns the number of complete headers, and the
// number of the ambiguous request or 0.
func Frame(pieces ...[]byte) (headers, ambiguous int64) {
	var f framing
	for _, p := range pieces {
		if n := f.read(p); n > 0 && ambiguous == 0 {
			ambiguous = n
		}
	}
	return f.headers, ambiguous
}

// PlainErrorAsJSON returns the JSON response in place of p, or nil.
func PlainErrorAsJSON(p []byte) []byte { return plainErrorAsJSON(p) }
