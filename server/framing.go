package server

import (
	"bytes"
	"strconv"
)

// A framing follows the requests on an HTTP/1 connection to detect ambiguous ones:
// requests with both Content-Length and Transfer-Encoding, whose end a proxy may see
// elsewhere (RFC 9112, 6.1 and 11.2). net/http uses Transfer-Encoding and removes
// Content-Length, so that a handler cannot detect them.
//
// A framing may be wrong about requests that net/http refuses. This is harmless,
// because net/http closes their connections.
type framing struct {
	state framingState
	// partial is the start of a line that has not arrived completely.
	partial []byte
	// remaining is the number of bytes left of a body or chunk.
	remaining uint64
	// headers counts complete request headers.
	headers int64

	// length, chunked, hasLength and oldVersion describe the current header.
	// ambiguous means that it is ambiguous, refused that net/http refuses it.
	length                                             uint64
	chunked, hasLength, oldVersion, ambiguous, refused bool
	// framed means that the last field was Content-Length or Transfer-Encoding.
	framed bool
}

type framingState int

const (
	atRequestLine framingState = iota
	atField
	atBody
	atChunkSize
	atChunk
	atChunkEnd
	atTrailer
	// lost is the state after malformed HTTP, and of connections that will be closed.
	lost
)

// maxFramingLine limits the length of a line, in bytes. Longer ones count as
// ambiguous. net/http refuses them unless MaxHeaderBytes is larger.
const maxFramingLine = 1 << 20

// read processes received bytes. The first time that a request is ambiguous, it
// returns the number of the request, from 1; otherwise it returns 0.
func (f *framing) read(p []byte) (ambiguous int64) {
	for len(p) > 0 {
		switch f.state {
		case lost:
			return 0
		case atBody, atChunk:
			n := min(f.remaining, uint64(len(p)))
			f.remaining -= n
			p = p[n:]
			if f.remaining == 0 {
				f.state = map[framingState]framingState{atBody: atRequestLine, atChunk: atChunkEnd}[f.state]
			}
		default:
			end := bytes.IndexByte(p, '\n')
			if end < 0 {
				if f.partial = append(f.partial, p...); len(f.partial) > maxFramingLine {
					f.partial, f.state = nil, lost
					return f.headers + 1
				}
				return 0
			}
			line := p[:end]
			if len(f.partial) > 0 {
				line = append(f.partial, line...)
				f.partial = line[:0]
			}
			p = p[end+1:]
			if f.take(bytes.TrimSuffix(line, []byte("\r"))); f.ambiguous && f.state == lost {
				return f.headers
			}
		}
	}
	return 0
}

// take processes a line without its line end.
func (f *framing) take(line []byte) {
	switch f.state {
	case atRequestLine:
		if len(line) > 0 { // Empty lines before a request are ignored (RFC 9112, 2.2).
			*f = framing{state: atField, partial: f.partial, headers: f.headers, oldVersion: bytes.HasSuffix(line, []byte(" HTTP/1.0"))}
		}
	case atField:
		if len(line) == 0 {
			f.endHeader()
		} else {
			f.field(line)
		}
	case atChunkSize:
		f.chunkSize(line)
	case atChunkEnd:
		if f.state = atChunkSize; len(line) > 0 {
			f.state = lost
		}
	case atTrailer:
		if len(line) == 0 {
			f.state = atRequestLine
		}
	case atBody, atChunk, lost:
	}
}

func (f *framing) field(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		f.ambiguous = f.ambiguous || f.framed // The value continues on this line.
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	isLength := bytes.EqualFold(name, []byte("Content-Length"))
	isEncoding := bytes.EqualFold(name, []byte("Transfer-Encoding"))
	f.framed = isLength || isEncoding
	f.chunked = f.chunked || isEncoding
	if isLength {
		length, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 63)
		f.refused = f.refused || err != nil || f.hasLength && length != f.length
		f.length, f.hasLength = length, true
	}
}

func (f *framing) endHeader() {
	f.headers++
	switch {
	case f.ambiguous, f.chunked && (f.hasLength || f.oldVersion):
		// HTTP/1.0 has no chunks: net/http ignores Transfer-Encoding there.
		f.ambiguous, f.state = true, lost
	case f.refused:
		f.state = lost
	case f.chunked:
		f.state = atChunkSize
	case f.length > 0:
		f.state, f.remaining = atBody, f.length
	default:
		f.state = atRequestLine
	}
}

func (f *framing) chunkSize(line []byte) {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 63)
	switch {
	case err != nil:
		f.state = lost
	case size == 0:
		f.state = atTrailer
	default:
		f.state, f.remaining = atChunk, size
	}
}
