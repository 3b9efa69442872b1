package document

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Document is a type of this package that is stored on its own.
type Document interface {
	// header returns the header of the document.
	header() *Header
	// latest returns the format that this binary writes.
	latest() int
}

// A Header is part of every document.
type Header struct {
	// Format is the format of the document, from 1. Absent means 1: versions before
	// v0.1 did not write it.
	Format int `json:"format,omitempty"`
}

func (h *Header) header() *Header { return h }

// A NewerFormatError means that a newer version of openbroker wrote a document in a
// format that this binary does not know.
type NewerFormatError struct {
	// Format is the format of the document, and Latest the newest format that this
	// binary reads.
	Format, Latest int
}

// Error names both formats.
func (e *NewerFormatError) Error() string {
	return fmt.Sprintf("written by a newer openbroker: format %d, this binary reads up to %d", e.Format, e.Latest)
}

// Encode sets the format of a document and returns its JSON.
func Encode(d Document) ([]byte, error) {
	d.header().Format = d.latest()
	return json.Marshal(d)
}

// Decode reads a document. Numbers of any length keep their digits. The error is a
// [*NewerFormatError] if the document has a newer format.
func Decode(data []byte, d Document) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err := decoder.Decode(d)
	header := d.header()
	if err != nil {
		// A newer format may have fields of other types.
		header = &Header{}
		_ = json.Unmarshal(data, header)
	}
	if header.Format > d.latest() {
		return &NewerFormatError{Format: header.Format, Latest: d.latest()}
	}
	return err
}
