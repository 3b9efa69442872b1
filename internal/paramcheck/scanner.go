package paramcheck

import "unicode/utf8"

// A scanner scans JSON for a fastPath. It fails at anything that is not certainly valid:
// an escape in a string, a fraction, a syntax error.
type scanner struct {
	data []byte
	at   int
	// work counts the text that was matched against patterns.
	work int
}

// next returns the next character other than white space, or 0.
func (s *scanner) next() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take skips a character if it is the next one.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) end() bool { return s.next() == 0 && s.at == len(s.data) }

// value reports whether the next value is certainly valid, and skips it.
func (s *scanner) value(q *fastPath, depth int) bool {
	switch s.next() {
	case '{':
		return depth > 0 && (q.anything || q.types&isObject != 0) && s.object(q, depth)
	case '[':
		return depth > 0 && (q.anything || q.types&isArray != 0) && s.array(q, depth)
	case '"':
		text, ok := s.text()
		if !ok || q.anything {
			return ok
		}
		if q.pattern != nil {
			if s.work += q.pattern.size * len(text); s.work > maxWork*unit {
				return false
			}
		}
		return q.text(text)
	case 't':
		return (q.anything || q.types&isBoolean != 0) && s.word("true")
	case 'f':
		return (q.anything || q.types&isBoolean != 0) && s.word("false")
	case 'n':
		return (q.anything || q.types&isNull != 0) && s.word("null")
	default:
		n, ok := s.integer()
		return ok && (q.anything || q.types&isInteger != 0 && (!q.bounded || n >= q.minimum && n <= q.maximum))
	}
}

func (s *scanner) object(q *fastPath, depth int) bool {
	s.at++
	var seen uint64
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') || s.next() != '"' {
			return false
		}
		name, ok := s.text()
		if !ok || !s.take(':') {
			return false
		}
		inner, known := q, q.anything
		if !known {
			if inner, known = q.properties[string(name)]; known {
				seen |= q.required[string(name)]
			} else if q.closed {
				return false
			} else if inner = q.additional; inner == nil {
				inner = anything
			}
		}
		if !s.value(inner, depth-1) {
			return false
		}
	}
	return seen == q.all
}

func (s *scanner) array(q *fastPath, depth int) bool {
	s.at++
	inner := q.items
	if inner == nil {
		inner = anything
	}
	n := 0
	for ; !s.take(']'); n++ {
		if n > 0 && !s.take(',') || !s.value(inner, depth-1) {
			return false
		}
	}
	return q.anything || n >= q.minItems && n <= q.maxItems
}

// anything accepts every value.
var anything = &fastPath{anything: true}

// text returns a string without escapes.
func (s *scanner) text() ([]byte, bool) {
	begin := s.at + 1
	for i := begin; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.at = i + 1
			text := s.data[begin:i]
			return text, utf8.Valid(text)
		case c == '\\' || c < ' ':
			return nil, false
		}
	}
	return nil, false
}

func (s *scanner) word(word string) bool {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// integer reads a whole number of at most 18 digits, without exponent.
func (s *scanner) integer() (int64, bool) {
	negative := s.at < len(s.data) && s.data[s.at] == '-'
	if negative {
		s.at++
	}
	begin, n := s.at, int64(0)
	for s.at < len(s.data) && s.data[s.at] >= '0' && s.data[s.at] <= '9' {
		if s.at-begin == 18 {
			return 0, false
		}
		n = n*10 + int64(s.data[s.at]-'0')
		s.at++
	}
	digits := s.at - begin
	if digits == 0 || digits > 1 && s.data[begin] == '0' {
		return 0, false
	}
	if s.at < len(s.data) {
		switch s.data[s.at] {
		case '.', 'e', 'E':
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, true
}
