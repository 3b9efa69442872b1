package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"github.com/openbroker/openbroker/durable/admin"
)

// ErrInvalid says that an archive is truncated, damaged, or not an archive. The text of
// the error says what is wrong, and in which line.
var ErrInvalid = errors.New("unusable archive")

// maxLine limits a line. Requests have at most a few megabytes, and checkpoints of
// providers should have less.
const maxLine = 64 << 20

// A Reader reads an archive.
type Reader struct {
	input   *bufio.Reader
	hash    hash.Hash
	number  int
	check   checker
	summary Summary
	ended   bool
}

// NewReader returns a reader of an archive.
func NewReader(r io.Reader) *Reader {
	return &Reader{input: bufio.NewReaderSize(r, 1<<16), hash: sha256.New()}
}

// Items yields the items. Call it once. If the archive is incomplete, out of order or
// unreadable, it yields an error last, which wraps ErrInvalid unless reading failed.
func (r *Reader) Items() iter.Seq2[admin.ExportItem, error] {
	return func(yield func(admin.ExportItem, error) bool) {
		if err := r.header(); err != nil {
			yield(admin.ExportItem{}, err)
			return
		}
		for {
			item, err := r.next()
			if err == nil && r.ended {
				return
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Summary counts the items that have been read so far.
func (r *Reader) Summary() Summary { return r.summary }

func (r *Reader) header() error {
	text, err := r.text()
	if err != nil {
		return err
	}
	// A newer header may have more fields.
	var l line
	switch err := json.NewDecoder(bytes.NewReader(text)).Decode(&l); {
	case err != nil || l.Header == nil || l.Header.Format != format:
		return r.wrong("it does not begin like an archive: name a file that openbroker admin export has written")
	case l.Header.Version > version:
		return r.wrong("written by a newer openbroker: format %d, this binary reads up to %d: import it with the version that exported it", l.Header.Version, version)
	case l.Header.Version < 1:
		return r.wrong("it has the unknown format %d", l.Header.Version)
	}
	_, err = r.decode(text)
	return err
}

func (r *Reader) next() (admin.ExportItem, error) {
	sum := hex.EncodeToString(r.hash.Sum(nil))
	text, err := r.text()
	if err != nil {
		return admin.ExportItem{}, err
	}
	l, err := r.decode(text)
	if err != nil {
		return admin.ExportItem{}, err
	}
	if l.End != nil {
		return admin.ExportItem{}, r.end(l.End, sum)
	}
	item, err := l.item()
	if err != nil {
		return item, r.wrong("%w", err)
	}
	if item == (admin.ExportItem{}) {
		return item, r.wrong("it has no record")
	}
	if err := r.check.item(item); err != nil {
		return item, r.wrong("%w", err)
	}
	r.summary.add(item)
	return item, nil
}

func (r *Reader) end(e *end, sum string) error {
	switch {
	case e.summary() != r.summary:
		return r.wrong("the end counts %+v, but the archive has %+v: records are missing", e.summary(), r.summary)
	case e.SHA256 != sum:
		return r.wrong("the checksum does not match: it was changed or damaged")
	}
	if _, err := r.input.ReadByte(); !errors.Is(err, io.EOF) {
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		return r.wrong("data follows the end")
	}
	r.ended = true
	return nil
}

// text reads the next line.
func (r *Reader) text() (text []byte, err error) {
	r.number++
	for {
		part, err := r.input.ReadSlice('\n')
		if len(text)+len(part) > maxLine+1 {
			return nil, r.wrong("it has more than %d bytes", maxLine)
		}
		text = append(text, part...)
		if err == nil {
			break
		}
		if errors.Is(err, io.EOF) {
			return nil, r.wrong("it is truncated: the end is missing")
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
	}
	_, _ = r.hash.Write(text) // It never fails.
	return text, nil
}

// decode decodes a line with exactly one field.
func (r *Reader) decode(text []byte) (*line, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	l := new(line)
	if err := decoder.Decode(l); err != nil {
		// The error of the decoder may quote a value.
		return nil, r.wrong("it is not a record in JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, r.wrong("data follows the record")
	}
	set := 0
	for _, is := range []bool{l.Header != nil, l.Setting != nil, l.Instance != nil, l.Binding != nil, l.Operation != nil, l.OldAudit != nil, l.Audit != nil, l.Batch != nil, l.End != nil} {
		if is {
			set++
		}
	}
	if set != 1 || l.Header != nil && r.number > 1 {
		return nil, r.wrong("it must have exactly one record")
	}
	return l, nil
}

func (r *Reader) wrong(text string, args ...any) error {
	return fmt.Errorf("%w: line %d: %w", ErrInvalid, r.number, fmt.Errorf(text, args...))
}
